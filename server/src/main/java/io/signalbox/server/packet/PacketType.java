package io.signalbox.server.packet;

import org.jspecify.annotations.Nullable;

/** The kinds of Control Packets, their numbers and who sends them (MQTT 5.0 section 2.1.2). */
public enum PacketType {
  CONNECT(1, 0, true, false),
  CONNACK(2, 0, false, true),
  PUBLISH(3, 0, true, true),
  PUBACK(4, 0, true, true),
  PUBREC(5, 0, true, true),
  PUBREL(6, 0b0010, true, true),
  PUBCOMP(7, 0, true, true),
  SUBSCRIBE(8, 0b0010, true, false),
  SUBACK(9, 0, false, true),
  UNSUBSCRIBE(10, 0b0010, true, false),
  UNSUBACK(11, 0, false, true),
  PINGREQ(12, 0, true, false),
  PINGRESP(13, 0, false, true),
  DISCONNECT(14, 0, true, true),
  AUTH(15, 0, true, true);

  private static final @Nullable PacketType[] BY_NUMBER = new PacketType[16];

  static {
    for (PacketType type : values()) {
      BY_NUMBER[type.number] = type;
    }
  }

  private final int number;
  private final int flags;
  private final boolean fromClient;
  private final boolean fromServer;

  PacketType(int number, int flags, boolean fromClient, boolean fromServer) {
    this.number = number;
    this.flags = flags;
    this.fromClient = fromClient;
    this.fromServer = fromServer;
  }

  /** 1..15, the upper half of a packet's first byte. */
  public int number() {
    return number;
  }

  /** The first byte of a packet of this type; PUBLISH adds its own flags. */
  public int firstByte() {
    return number << 4 | flags;
  }

  /**
   * What the lower half of the first byte must be (section 2.1.3); says nothing about PUBLISH,
   * whose flags carry meaning.
   */
  public int flags() {
    return flags;
  }

  /** Whether this side of a connection may send such a packet. */
  public boolean isSentBy(Side side) {
    return side == Side.CLIENT ? fromClient : fromServer;
  }

  /**
   * @param firstByte of a packet, 0..255
   * @return null for the reserved number 0
   */
  public static @Nullable PacketType ofFirstByte(int firstByte) {
    return BY_NUMBER[firstByte >>> 4];
  }
}
