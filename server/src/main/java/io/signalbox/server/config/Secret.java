package io.signalbox.server.config;

import java.security.MessageDigest;

/**
 * Bytes that must never be printed: {@code toString} is {@code ***}, so that no log line, exception
 * or record shows them. Immutable.
 */
public final class Secret {
  private final byte[] bytes;

  public Secret(byte[] bytes) {
    this.bytes = bytes.clone();
  }

  /** A copy of the bytes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  public int length() {
    return bytes.length;
  }

  /** Takes the same time wherever the bytes differ. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Secret secret && MessageDigest.isEqual(bytes, secret.bytes);
  }

  /** The same for all secrets: a hash would tell something about the bytes. */
  @Override
  public int hashCode() {
    return 1;
  }

  @Override
  public String toString() {
    return "***";
  }
}
