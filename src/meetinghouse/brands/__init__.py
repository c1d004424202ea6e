"""Under whose name the service is met: names, pictures, colours, mail and host names of the operator, partners and tenants."""
