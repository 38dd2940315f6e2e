package io.signalbox.server.transport;

import io.signalbox.server.eventloop.ConfinedTo;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Reads the header that a proxy puts in front of a connection, PROXY protocol version 1 (text) or 2
 * (binary).
 *
 * <p>It never takes a byte too many: what follows belongs to TLS, and the TLS layer reads the
 * socket itself. So it says how many bytes it wants next; in version 1, whose end is a line feed,
 * that is one at a time after the first few.
 */
@ConfinedTo("I/O thread")
final class ProxyHeader {
  private static final byte[] SIGNATURE = {
    0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A
  };
  private static final byte[] TEXT_START = "PROXY ".getBytes(StandardCharsets.US_ASCII);
  private static final int TEXT_BYTES_MAX = 107;

  /** Addresses and the extensions that proxies send; nobody sends this much. */
  private static final int BINARY_BYTES_MAX = 4_096;

  private static final int BINARY_FIXED_BYTES = 16;

  private byte[] bytes = new byte[128];
  private int size;
  private int wanted = SIGNATURE.length;
  private boolean complete;
  private @Nullable InetSocketAddress source;

  /** The header breaks its rules; the connection is of no use. */
  static final class BadHeaderException extends Exception {
    private BadHeaderException(String problem) {
      super(problem, null, false, false);
    }
  }

  /** Space for exactly the bytes that can be read now; then call {@link #read}. */
  ByteBuffer space() {
    return ByteBuffer.wrap(bytes, size, wanted - size);
  }

  /**
   * @return whether the header is complete
   */
  boolean read(int count) throws BadHeaderException {
    size += count;
    if (size == wanted && !complete) {
      if (bytes[0] == SIGNATURE[0]) {
        readBinary();
      } else {
        readText();
      }
    }
    return complete;
  }

  /** The client's address; null if the proxy speaks for itself, as in its health checks. */
  @Nullable InetSocketAddress source() {
    return source;
  }

  private void readBinary() throws BadHeaderException {
    if (size == SIGNATURE.length) {
      if (!Arrays.equals(bytes, 0, size, SIGNATURE, 0, size)) {
        throw new BadHeaderException("no PROXY protocol signature");
      }
      wanted = BINARY_FIXED_BYTES;
      return;
    }
    int length = ((bytes[14] & 0xFF) << 8) | (bytes[15] & 0xFF);
    if (size == BINARY_FIXED_BYTES) {
      if ((bytes[12] & 0xF0) != 0x20) {
        throw new BadHeaderException("PROXY protocol version " + ((bytes[12] & 0xF0) >> 4));
      }
      if (length > BINARY_BYTES_MAX) {
        throw new BadHeaderException("a PROXY protocol header of " + length + " bytes");
      }
      wanted = BINARY_FIXED_BYTES + length;
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length, wanted));
      if (length > 0) {
        return;
      }
    }
    complete = true;
    int command = bytes[12] & 0x0F;
    if (command > 1) {
      throw new BadHeaderException("PROXY protocol command " + command);
    }
    if (command == 1) {
      source = binaryAddress(bytes[13] & 0xFF, length);
    }
  }

  private @Nullable InetSocketAddress binaryAddress(int family, int length)
      throws BadHeaderException {
    int addressBytes =
        switch (family) {
          case 0x11 -> 4;
          case 0x21 -> 16;
          default -> 0; // UNSPEC, UDP, UNIX: the receiver ignores the address.
        };
    if (addressBytes == 0) {
      return null;
    }
    if (length < 2 * addressBytes + 4) {
      throw new BadHeaderException("a PROXY protocol header too short for its addresses");
    }
    int at = BINARY_FIXED_BYTES;
    int portAt = at + 2 * addressBytes;
    int port = ((bytes[portAt] & 0xFF) << 8) | (bytes[portAt + 1] & 0xFF);
    return address(Arrays.copyOfRange(bytes, at, at + addressBytes), port);
  }

  private void readText() throws BadHeaderException {
    if (size == SIGNATURE.length
        && !Arrays.equals(bytes, 0, TEXT_START.length, TEXT_START, 0, TEXT_START.length)) {
      throw new BadHeaderException("no PROXY protocol header");
    }
    if (bytes[size - 1] != '\n') {
      if (size == TEXT_BYTES_MAX) {
        throw new BadHeaderException("a PROXY protocol line longer than 107 bytes");
      }
      wanted = size + 1;
      return;
    }
    if (bytes[size - 2] != '\r') {
      throw new BadHeaderException("a PROXY protocol line that does not end with CR LF");
    }
    complete = true;
    String line = new String(bytes, 0, size - 2, StandardCharsets.US_ASCII);
    String[] words = line.split(" ", -1);
    if (words[1].equals("UNKNOWN")) {
      return;
    }
    boolean four = words[1].equals("TCP4");
    if (words.length != 6 || !(four || words[1].equals("TCP6"))) {
      throw new BadHeaderException("a PROXY protocol line of unknown form");
    }
    source = address(literal(words[2], four), port(words[4]));
  }

  private static byte[] literal(String text, boolean four) throws BadHeaderException {
    boolean looksLiteral =
        four
            ? text.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'))
                && text.chars().filter(c -> c == '.').count() == 3
            : text.indexOf(':') >= 0
                && text.chars().allMatch(c -> c == ':' || c == '.' || Character.digit(c, 16) >= 0);
    if (looksLiteral) { // Anything else would be looked up as a name.
      try {
        return InetAddress.getByName(text).getAddress();
      } catch (UnknownHostException _) {
        // Falls through to the message.
      }
    }
    throw new BadHeaderException("a PROXY protocol line with a bad address");
  }

  private static int port(String text) throws BadHeaderException {
    if (text.length() <= 5 && !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      int port = Integer.parseInt(text);
      if (port <= 65_535) {
        return port;
      }
    }
    throw new BadHeaderException("a PROXY protocol line with a bad port");
  }

  private static InetSocketAddress address(byte[] address, int port) throws BadHeaderException {
    try {
      return new InetSocketAddress(InetAddress.getByAddress(address), port);
    } catch (UnknownHostException e) {
      throw new BadHeaderException("a PROXY protocol header with a bad address");
    }
  }
}
