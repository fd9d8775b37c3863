/* vitrine - the command line. Its commands are the table in main/command.c. */
#include "main/command.h"

extern char **environ;

int main(int argc, char **argv)
{
    return command_main(argc, argv, environ);
}
