"""What the tests of http/ and s3/ share: the real program behind a real web server, and a client."""
