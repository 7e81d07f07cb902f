"""The demo: a production that breaks after a push, and a QA that does not.

Uses `sandbox` to have images and containers; `sandbox` knows nothing of it. Read `story.py` first.
"""

from pathlib import Path

DEMO_FOLDER = Path(__file__).resolve().parent.parent
WORK_FOLDER = DEMO_FOLDER.parent.parent / ".demo"
LABEL = "prod-sandbox.demo"
