"""The benchmarks: `python -m bench` measures in one run what Porchlight promises, beside a bare server and the peers.

Every load is bounded in count or time and goes to processes of our own on the loopback. `bench/README.md` has the
figures, what they mean, and how to get them.
"""
