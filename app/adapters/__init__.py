"""The outside world: payment gateways, mail, PDF, QR codes, the cache. Each a small door with a fake for tests."""
