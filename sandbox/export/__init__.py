"""The ops half: from production to a bundle. Never imported by the developer's half."""
