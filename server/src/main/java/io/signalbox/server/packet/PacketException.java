package io.signalbox.server.packet;

import org.jspecify.annotations.Nullable;

/**
 * The peer sent what the standard forbids, or more than it may. Thrown anywhere, caught once by the
 * connection, which answers {@link #reason} in the form of its version and closes.
 */
public final class PacketException extends Exception {
  private final ReasonCode reason;
  private final @Nullable ProtocolVersion answerForm;

  private PacketException(ReasonCode reason, String problem, @Nullable ProtocolVersion answerForm) {
    // No stack trace: a hostile peer must not be able to make us walk the stack for each packet.
    super(problem, null, false, false);
    this.reason = reason;
    this.answerForm = answerForm;
  }

  /** Bytes that cannot be parsed by the rules of the standard (MQTT 5.0 section 4.13), 0x81. */
  public static PacketException malformed(String problem) {
    return of(ReasonCode.MALFORMED_PACKET, problem);
  }

  /** A packet that can be parsed but may not be sent, or not now, 0x82. */
  public static PacketException protocolError(String problem) {
    return of(ReasonCode.PROTOCOL_ERROR, problem);
  }

  public static PacketException of(ReasonCode reason, String problem) {
    return new PacketException(reason, problem, null);
  }

  /**
   * A CONNECT in a version that is not spoken here, 0x84.
   *
   * @param answerForm whose CONNACK the peer will understand; null to close without a word because
   *     it is no MQTT client at all
   */
  public static PacketException unsupportedVersion(
      String problem, @Nullable ProtocolVersion answerForm) {
    return new PacketException(ReasonCode.UNSUPPORTED_PROTOCOL_VERSION, problem, answerForm);
  }

  /** This exception as one about a CONNECT of a known version, which a CONNACK can answer. */
  public PacketException answeredAs(ProtocolVersion version) {
    return new PacketException(reason, problem(), version);
  }

  public ReasonCode reason() {
    return reason;
  }

  /**
   * The version whose CONNACK answers a refused CONNECT: set for every problem within a CONNECT of
   * a version the peer can be answered in. Null for any other packet, and for a CONNECT that
   * deserves no answer. In 3.1.1 a reason without a {@linkplain ReasonCode#connectReturnCode return
   * code} closes without CONNACK.
   */
  public @Nullable ProtocolVersion answerForm() {
    return answerForm;
  }

  /** What is wrong and where; may quote the peer's text, never a secret. */
  public String problem() {
    String problem = getMessage();
    return problem == null ? "" : problem;
  }
}
