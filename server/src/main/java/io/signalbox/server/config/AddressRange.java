package io.signalbox.server.config;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/**
 * A block of IP addresses in CIDR notation, for example {@code 10.0.0.0/8} or {@code fd00::/8}; a
 * single address is a block of one. Immutable.
 */
public final class AddressRange {
  private final String text;
  private final byte[] network;
  private final int prefixBits;

  private AddressRange(String text, byte[] network, int prefixBits) {
    this.text = text;
    this.network = network;
    this.prefixBits = prefixBits;
  }

  /**
   * @throws IllegalArgumentException if the text is no address literal, optionally followed by a
   *     slash and a prefix length; names are never looked up
   */
  public static AddressRange of(String text) {
    int slash = text.indexOf('/');
    byte[] address = literal(slash < 0 ? text : text.substring(0, slash), text);
    int bits = address.length * 8;
    if (slash >= 0) {
      bits = prefix(text.substring(slash + 1), bits, text);
    }
    for (int i = bits; i < address.length * 8; i++) {
      if ((address[i >> 3] & (0x80 >> (i & 7))) != 0) {
        throw new IllegalArgumentException(
            "\""
                + text
                + "\" has bits set after its prefix of "
                + bits
                + "; write the first address of the block");
      }
    }
    return new AddressRange(text, address, bits);
  }

  private static byte[] literal(String address, String text) {
    // A literal holds only these characters; anything else would start a DNS query.
    boolean looksLiteral =
        address.chars().allMatch(c -> Character.digit(c, 16) >= 0 || c == '.' || c == ':');
    boolean has =
        address.indexOf(':') >= 0
            || (!address.isEmpty() && address.chars().filter(c -> c == '.').count() == 3);
    if (looksLiteral && has) {
      try {
        return InetAddress.getByName(address).getAddress();
      } catch (UnknownHostException _) {
        // Falls through to the message that names the whole text.
      }
    }
    throw new IllegalArgumentException(
        "\"" + text + "\" is no address block; write one such as 10.0.0.0/8 or fd00::/8");
  }

  private static int prefix(String digits, int max, String text) {
    boolean number =
        digits.length() <= 3 && !digits.isEmpty() && digits.chars().allMatch(Character::isDigit);
    int bits = number ? Integer.parseInt(digits) : -1;
    if (bits < 0 || bits > max) {
      throw new IllegalArgumentException("\"" + text + "\" has no prefix length in 0.." + max);
    }
    return bits;
  }

  /** An IPv4 address is never in an IPv6 block and the other way round. */
  public boolean contains(InetAddress address) {
    byte[] other = address.getAddress();
    if (other.length != network.length) {
      return false;
    }
    int whole = prefixBits >> 3;
    if (!Arrays.equals(network, 0, whole, other, 0, whole)) {
      return false;
    }
    int mask = 0xFF00 >> (prefixBits & 7) & 0xFF;
    return mask == 0 || (network[whole] & mask) == (other[whole] & mask);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AddressRange range
        && prefixBits == range.prefixBits
        && Arrays.equals(network, range.network);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(network) + prefixBits;
  }

  @Override
  public String toString() {
    return text;
  }
}
