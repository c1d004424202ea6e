/** The server's own least length of a password, said before it has to refuse. */
export const PASSWORD_LENGTH = 10;
