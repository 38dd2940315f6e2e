package io.signalbox.server.scram;

/**
 * Tells a token (RFC 7519 in its compact form) from a password, since both may come in the Password
 * of CONNECT. A text of this form is never a user's password.
 */
public final class TokenForm {
  private TokenForm() {}

  /** Two dots, and a beginning that is the Base64 of an opening brace. */
  public static boolean isIn(byte[] password) {
    if (password.length < 2 || password[0] != 'e' || !isSecondOfBrace(password[1])) {
      return false;
    }
    int dots = 0;
    for (byte b : password) {
      dots += b == '.' ? 1 : 0;
    }
    return dots == 2;
  }

  /** The Base64 digits 48 to 63: the low bits of the brace and any four bits of what follows. */
  private static boolean isSecondOfBrace(byte digit) {
    return (digit >= 'w' && digit <= 'z')
        || (digit >= '0' && digit <= '9')
        || digit == '-'
        || digit == '_';
  }
}
