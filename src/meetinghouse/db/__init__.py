"""The database: engine, migrations, column types, ids and the clock."""
