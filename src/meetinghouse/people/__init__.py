"""Who people are: the operator's tenant, its members, and how they prove who they are."""
