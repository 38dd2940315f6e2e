package io.signalbox.pki;

/**
 * A token that did not take the PIN: it is wrong, or has ended, or is locked. Tokens lock after a
 * few wrong tries, so the same PIN must not be tried again without somebody looking.
 */
public final class PinRefusedException extends PkiException {
  PinRefusedException(String text, Throwable cause) {
    super(text, cause);
  }
}
