package io.signalbox.pki;

/** A private key that is encrypted and does not open: no passphrase was given, or a wrong one. */
public final class LockedKeyException extends PkiException {
  LockedKeyException(String text) {
    super(text);
  }
}
