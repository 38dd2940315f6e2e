package io.signalbox.server.packet;

/** What the compact constructors here have in common. A decoder has refused bad values before. */
final class Checks {
  private Checks() {}

  static void twoByte(String what, int value) {
    if (value < 0 || value > 0xFFFF) {
      throw new IllegalArgumentException(what + " " + value + " is outside 0..65535");
    }
  }

  static void packetId(int packetId) {
    if (packetId < 1 || packetId > 0xFFFF) {
      throw new IllegalArgumentException("packet id " + packetId + " is outside 1..65535");
    }
  }

  static void allowed(ReasonCode reason, PacketType type) {
    if (!reason.allowedIn(type)) {
      throw new IllegalArgumentException(reason + " has no place in " + type);
    }
  }
}
