package io.signalbox.acl.model;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * A block of IPv4 or IPv6 addresses.
 *
 * @param network first address of the block
 * @param prefix leading bits that all addresses share: 0..32 or 0..128
 */
public record Cidr(InetAddress network, int prefix) {
  /** Only digits: anything else would ask the name service. */
  private static final Pattern NUMERIC =
      Pattern.compile("[0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*");

  private static final Pattern PREFIX = Pattern.compile("[0-9]{1,3}");

  public Cidr {
    int bits = network.getAddress().length * 8;
    if (prefix < 0 || prefix > bits) {
      throw new IllegalArgumentException("/" + prefix + " is outside /0../" + bits);
    }
    if (!Arrays.equals(network.getAddress(), masked(network, prefix))) {
      throw new IllegalArgumentException(
          "\"%s/%d\" has bits set after the prefix; the block starts at %s"
              .formatted(
                  network.getHostAddress(),
                  prefix,
                  address(masked(network, prefix)).getHostAddress()));
    }
  }

  /**
   * {@code 10.0.0.0/8}, {@code fd00::/8}, or one address.
   *
   * @throws IllegalArgumentException with what is wrong, fit to be shown
   */
  public static Cidr of(String text) {
    int slash = text.indexOf('/');
    String host = slash < 0 ? text : text.substring(0, slash);
    if (!NUMERIC.matcher(host).matches()
        || (slash >= 0 && !PREFIX.matcher(text.substring(slash + 1)).matches())) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is no address block; write it like 10.0.0.0/8 or fd00::/8");
    }
    try {
      InetAddress network = InetAddress.getByName(host);
      int bits = network.getAddress().length * 8;
      return new Cidr(network, slash < 0 ? bits : Integer.parseInt(text.substring(slash + 1)));
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("\"" + host + "\" is no IP address", e);
    }
  }

  public boolean contains(InetAddress address) {
    return address.getAddress().length == network.getAddress().length
        && Arrays.equals(network.getAddress(), masked(address, prefix));
  }

  private static byte[] masked(InetAddress address, int prefix) {
    byte[] bytes = address.getAddress();
    for (int i = 0; i < bytes.length; i++) {
      int kept = Math.clamp(prefix - i * 8L, 0, 8);
      bytes[i] &= (byte) (0xFF00 >> kept);
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

  @Override
  public String toString() {
    return network.getHostAddress() + "/" + prefix;
  }
}
