package io.signalbox.it.wire;

/** Something that knows its bytes on the wire. */
@FunctionalInterface
public interface Bytes {
  /** A fresh array; the caller may change it. */
  byte[] toBytes();
}
