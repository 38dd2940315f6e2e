package io.signalbox.acl.proof;

import io.signalbox.acl.model.Cidr;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/** IP addresses as numbers. */
final class Addresses {
  /** Addresses to start with, from the blocks reserved for documentation. */
  static final List<InetAddress> USUAL =
      List.of(address(new byte[] {(byte) 192, 0, 2, 1}), Cidr.of("2001:db8::1").network());

  private Addresses() {}

  /** The first and last address of a block, and their neighbours outside. */
  static List<InetAddress> around(Cidr block) {
    byte[] bytes = block.network().getAddress();
    int bits = bytes.length * 8;
    BigInteger first = new BigInteger(1, bytes);
    BigInteger size = BigInteger.ONE.shiftLeft(bits - block.prefix());
    BigInteger end = BigInteger.ONE.shiftLeft(bits);
    List<InetAddress> around = new ArrayList<>();
    for (BigInteger number :
        List.of(
            first,
            first.add(size).subtract(BigInteger.ONE),
            first.subtract(BigInteger.ONE),
            first.add(size))) {
      if (number.signum() >= 0 && number.compareTo(end) < 0) {
        around.add(address(toBytes(number, bytes.length)));
      }
    }
    return around;
  }

  private static byte[] toBytes(BigInteger number, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[length - 1 - i] = number.shiftRight(8 * i).byteValue();
    }
    return bytes;
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError("4 or 16 bytes are an address", e);
    }
  }
}
