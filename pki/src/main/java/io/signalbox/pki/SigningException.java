package io.signalbox.pki;

/**
 * A private key did not sign, through no fault of what it was to sign: the token or machine that
 * keeps it is away, or has forgotten the session.
 */
public final class SigningException extends PkiException {
  SigningException(Exception cause) {
    super("the private key did not sign: " + reason(cause), cause);
  }

  /** Of what a provider says, the innermost is the token's own word, such as CKR_DEVICE_REMOVED. */
  private static String reason(Throwable cause) {
    Throwable innermost = cause;
    while (innermost.getCause() != null) {
      innermost = innermost.getCause();
    }
    String message = innermost.getMessage();
    return message == null ? innermost.toString() : message;
  }
}
