"""Why a row is in a bundle: find it, and follow what brought it to where that begins."""
