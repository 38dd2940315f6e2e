package io.signalbox.it.wire;

import static io.signalbox.it.wire.PacketBytes.bytes;
import static io.signalbox.it.wire.PacketBytes.packet;
import static io.signalbox.it.wire.PacketBytes.properties;
import static io.signalbox.it.wire.PacketBytes.u16;
import static io.signalbox.it.wire.PacketBytes.utf8;

/**
 * SUBSCRIBE (section 3.8): properties, then one pair of filter and options byte after the other.
 */
public final class SubscribeBytes implements Bytes {
  /** Subscription Options bits, to be joined with the QoS. */
  public static final int NO_LOCAL = 0x04;

  public static final int RETAIN_AS_PUBLISHED = 0x08;
  public static final int RETAIN_IF_NEW = 0x10;
  public static final int RETAIN_NEVER = 0x20;

  private final Version version;
  private final int packetId;
  private byte[] subscribeProperties = new byte[0];
  private byte[] filters = new byte[0];

  SubscribeBytes(Version version, int packetId) {
    this.version = version;
    this.packetId = packetId;
  }

  /** The options byte holds the QoS and, in 5.0, the bits above. */
  public SubscribeBytes filter(String filter, int options) {
    filters = bytes(filters, utf8(filter), options);
    return this;
  }

  public SubscribeBytes with(byte[]... more) {
    subscribeProperties = bytes(subscribeProperties, bytes((Object[]) more));
    return this;
  }

  @Override
  public byte[] toBytes() {
    return packet(0x82, u16(packetId), properties(version, subscribeProperties), filters);
  }
}
