package io.signalbox.pki;

/**
 * Input or a file that this library cannot use: the message says what is wrong, where, and what to
 * do about it, and may be shown to the person who gave the input. It never holds key material.
 */
public sealed class PkiException extends Exception
    permits ClockBehindException, LockedKeyException, PinRefusedException, SigningException {
  private final String text;

  public PkiException(String text) {
    super(text);
    this.text = text;
  }

  public PkiException(String text, Throwable cause) {
    super(text, cause);
    this.text = text;
  }

  @Override
  public String getMessage() {
    return text;
  }
}
