"""An unmodified Segment client for Python against a tracking server: python python_client.py ADDRESS KEY"""

import json
import sys

import segment.analytics as analytics

failures = []
analytics.host, analytics.write_key = sys.argv[1], sys.argv[2]
analytics.on_error = lambda error, items: failures.append(str(error))
analytics.gzip = "--gzip" in sys.argv
analytics.max_retries = 3
analytics.identify("python-user", {"email": "python@example.org", "plan": "gold"})
analytics.track("python-user", "Product Viewed", {"product_id": "fryer", "price": 79.9, "currency": "EUR"})
analytics.track("python-user", "Order Completed", {"order_id": "o-py", "revenue": 79.9, "currency": "EUR",
                "products": [{"product_id": "fryer", "quantity": 1, "price": 79.9}]})
analytics.page("python-user", "shop", "Home", {"url": "https://shop.example/"})
analytics.screen("python-user", "shop", "Start")
analytics.group("python-user", "acme", {"name": "ACME"})
analytics.alias("python-visitor", "python-user")
analytics.shutdown()
print(json.dumps({"failures": failures}))
sys.exit(1 if failures else 0)
