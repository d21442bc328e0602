"""A model's server as the tests need it: `server.py PORT MODE FOLDER`. It answers every question with "Yes", or does what a bad one does."""

import http.server
import json
import os
import signal
import subprocess
import sys
import time

port, mode, folder = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def put(name, text):
    with open(os.path.join(folder, name), "a", encoding="utf-8") as file:
        file.write(f"{text}\n")


put("pids", os.getpid())
if mode == "dies":
    sys.exit("cannot load the model: the file is damaged")
if mode == "never":
    time.sleep(600)
if mode == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if mode in ["stubborn", "good"]:
    # A worker that leaves its group, as those of big servers do.
    put("pids", subprocess.Popen(["sleep", "600"], start_new_session=True).pid)
if mode == "lost":
    starts = os.path.join(folder, "starts")
    put("starts", "x")
    dies_after = 13 if os.path.getsize(starts) == 2 else 1 << 30
asked = []
held = []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if mode == "error":
            return self.send({"error": {"message": "no GPU was found"}})
        return self.send({"status": "ok"})

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        asked.append(1)
        if mode == "lost" and len(asked) > dies_after:
            print("the GPU fell off the bus", file=sys.stderr, flush=True)
            os._exit(9)
        if mode == "leaks":
            held.append(b"x" * (64 << 20))
            time.sleep(0.2)
        if mode == "slow":
            time.sleep(0.05)
        put("asked", self.path)
        if mode == "refuses":
            return self.send({"error": {"message": "the model has no chat template", "code": 500}})
        self.send({"choices": [{"message": {"content": "Yes"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 5, "completion_tokens": 1}})


http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
