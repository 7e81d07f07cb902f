"""Write the demo production's rows into a folder: `python -m demo_production.rows FOLDER`."""

import argparse
from pathlib import Path, PurePosixPath

from .pipeline import SERVER_FOLDER, build_shop, write_shop
from .scars import ALL_SCARS


def main() -> None:
    """Parse the command line, write the folder, say what was written."""
    parser = argparse.ArgumentParser(prog="demo_production.rows", description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("--seed", type=int, default=2011)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--server-folder", type=PurePosixPath, default=SERVER_FOLDER)
    parser.add_argument("--scars", action="store_true", help="list the scars and their rows")
    wanted = parser.parse_args()
    shop = build_shop(seed=wanted.seed, scale=wanted.scale)
    files = write_shop(shop, wanted.target, server_folder=wanted.server_folder)
    for file in files:
        print(f"{file.rows:8,}  {file.table}")
    print(f"{sum(file.rows for file in files):8,}  rows in all")
    if wanted.scars:
        for scar in ALL_SCARS:
            print(f"{scar.name}  ({scar.place})  {scar.story}\n    {shop.scars[scar.name]}")


if __name__ == "__main__":
    main()
