"""Start daemons of other people's packages in a temporary folder, on loopback, and stop them by pid."""

import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from .patience import PATIENCE_S


class Daemons:
    """A few processes and their folder; the last one started is the first one stopped."""

    def __init__(self, name):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"vitrine-{name}-"))
        self.running = []

    def spawn(self, name, *command):
        # setpriv: were the test runner killed, the daemon would end too
        log = (self.folder / f"{name}.log").open("wb")
        self.running.append(subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *map(str, command)], cwd=self.folder,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True))

    def run(self, *command, check=True):
        """A command that ends; its output goes into the message when it fails."""
        done = subprocess.run(list(map(str, command)), cwd=self.folder, capture_output=True,
                              text=True, timeout=PATIENCE_S, check=False)
        if check and done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}\n{self.logs()}")
        return done.stdout

    def wait_until(self, what, condition):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            for process in self.running:
                if process.poll() is not None:
                    raise RuntimeError(f"{process.args[3]} ended early\n{self.logs()}")
            if time.monotonic() > end:
                raise RuntimeError(f"{what}: not within {PATIENCE_S} s\n{self.logs()}")
            time.sleep(0.1)

    def wait_for_http(self, port):
        def answers():
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=PATIENCE_S)
            except urllib.error.HTTPError:
                return True  # any answer will do
            except OSError:
                return False
            return True

        self.wait_until(f"an answer on port {port}", answers)

    def logs(self, lines=15):
        return "\n".join(f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
                         for path in sorted(self.folder.glob("*.log")))

    def stop(self):
        for process in reversed(self.running):
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()
        shutil.rmtree(self.folder, ignore_errors=True)
