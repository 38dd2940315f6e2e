package io.signalbox.pki;

/**
 * An authority is not valid yet by this machine's clock: that is wrong as a rule, and may be right
 * in a moment.
 */
public final class ClockBehindException extends PkiException {
  private static final long serialVersionUID = 1;

  ClockBehindException(String text) {
    super(text);
  }
}
