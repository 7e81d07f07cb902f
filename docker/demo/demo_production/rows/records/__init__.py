"""One record class per table of the shop; a field is a column, in the table's own order.

A record holds what the row shall hold, not what would be sensible: dates are text, so that
`1990-00-00` can be a date, and bytes are bytes. Generated columns have no field.
"""
