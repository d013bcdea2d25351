"""Stands for a process that is forked elsewhere: hands on files, arguments and signals, and ends as it does.

It is started often, so it imports nothing that takes time.
"""

import _signal  # type: ignore[import-not-found]  # signal itself takes longer than all the rest
import _socket
import marshal
import posix
import sys
from array import array

FILES = (0, 1, 2)
path, module, *arguments = sys.argv[1:]
connection = _socket.socket(_socket.AF_UNIX)
connection.connect(path)
files = array("i", FILES)
whole = marshal.dumps((module, arguments, posix.getcwd(), dict(posix.environ)))
began = len(whole).to_bytes(4, "big")
connection.sendmsg([began], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files)])
connection.sendall(whole)
process = int.from_bytes(connection.recv(4), "big")
for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP, _signal.SIGUSR1):
    _signal.signal(number, lambda number, _frame: posix.kill(process, number))
for file in FILES:
    posix.close(file)  # or whoever reads them would wait for this process too
code = int.from_bytes(connection.recv(4), "big", signed=True)
if code < 0:
    _signal.signal(-code, _signal.SIG_DFL) if -code not in (_signal.SIGKILL, _signal.SIGSTOP) else None
    posix.kill(posix.getpid(), -code)
posix._exit(code)
