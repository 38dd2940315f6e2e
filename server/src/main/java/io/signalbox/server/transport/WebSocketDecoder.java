package io.signalbox.server.transport;

import static io.signalbox.server.transport.WebSocketFrames.CLOSE_INVALID_PAYLOAD;
import static io.signalbox.server.transport.WebSocketFrames.CLOSE_NO_CODE;
import static io.signalbox.server.transport.WebSocketFrames.CLOSE_PROTOCOL_ERROR;
import static io.signalbox.server.transport.WebSocketFrames.CLOSE_TOO_BIG;
import static io.signalbox.server.transport.WebSocketFrames.CLOSE_UNSUPPORTED_DATA;
import static io.signalbox.server.transport.WebSocketFrames.CONTROL_BYTES_MAX;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.metrics.Metrics.BadFrame;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The receiving half of RFC 6455 for a stream of binary frames, as a state machine that may be
 * stopped after any byte.
 *
 * <p>MQTT takes the payloads of all frames as one stream of bytes (MQTT 5.0 section 6), so nothing
 * is assembled: payload is unmasked in place and passed on as it arrives. Only a control frame that
 * is split over reads needs a buffer, of 125 bytes, while it is incomplete.
 */
@ConfinedTo("I/O thread")
final class WebSocketDecoder {
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private enum State {
    OPCODE,
    LENGTH,
    EXTENDED_LENGTH,
    MASK,
    PAYLOAD,
    /** After a Close frame; whatever follows is ignored (section 5.5.1). */
    CLOSED
  }

  /** What the frames mean. */
  interface Events {
    void payload(byte[] array, int from, int to);

    void ping(byte[] array, int from, int length);

    /**
     * @param code as received, {@link WebSocketFrames#CLOSE_NO_CODE} if there was none
     */
    void closeReceived(int code);
  }

  private final long frameBytesMax;

  private State state = State.OPCODE;
  private int opcode;
  private boolean fin;
  private boolean messageOpen;
  private long length;
  private int headerBytesLeft;
  private int mask;
  private int maskOffset;
  private byte @Nullable [] control;
  private int controlLength;

  WebSocketDecoder(long frameBytesMax) {
    this.frameBytesMax = frameBytesMax;
  }

  /**
   * Takes all the bytes, whatever the events do.
   *
   * @param array payload in it is unmasked in place
   */
  void decode(byte[] array, int from, int to, Events events) throws WebSocketException {
    int at = from;
    while (at < to) {
      switch (state) {
        case OPCODE -> opcode(array[at++]);
        case LENGTH -> length(array[at++]);
        case EXTENDED_LENGTH -> extendedLength(array[at++]);
        case MASK -> {
          mask = (mask << 8) | (array[at++] & 0xFF);
          if (--headerBytesLeft == 0) {
            beginPayload(events);
          }
        }
        case PAYLOAD -> at = payload(array, at, to, events);
        case CLOSED -> {
          return;
        }
      }
    }
  }

  private void opcode(int octet) throws WebSocketException {
    fin = (octet & 0x80) != 0;
    opcode = octet & 0x0F;
    if ((octet & 0x70) != 0) {
      throw protocolError(
          BadFrame.RESERVED_BITS, "a reserved bit is set and no extension was agreed on");
    }
    switch (opcode) {
      case WebSocketFrames.CONTINUATION -> {
        if (!messageOpen) {
          throw protocolError(
              BadFrame.FRAGMENTATION, "a continuation frame without a message to continue");
        }
      }
      case WebSocketFrames.BINARY -> {
        if (messageOpen) {
          throw protocolError(BadFrame.FRAGMENTATION, "a new message before the last one ended");
        }
      }
      case WebSocketFrames.TEXT ->
          throw new WebSocketException(
              CLOSE_UNSUPPORTED_DATA,
              BadFrame.TEXT,
              "a text frame; MQTT is sent in binary frames"); // [MQTT-6.0.0-1]
      case WebSocketFrames.CLOSE, WebSocketFrames.PING, WebSocketFrames.PONG -> {
        if (!fin) {
          throw protocolError(BadFrame.FRAGMENTATION, "a fragmented control frame");
        }
      }
      default -> throw protocolError(BadFrame.OPCODE, "opcode " + opcode + " is not defined");
    }
    state = State.LENGTH;
  }

  private void length(int octet) throws WebSocketException {
    if (octet >= 0) {
      throw protocolError(BadFrame.UNMASKED, "a frame of a client is not masked");
    }
    int announced = octet & 0x7F;
    if (isControl() && announced > CONTROL_BYTES_MAX) {
      throw protocolError(BadFrame.CONTROL_LENGTH, "a control frame of more than 125 bytes");
    }
    if (announced < 126) {
      length = announced;
      beginMask();
    } else {
      length = 0;
      headerBytesLeft = announced == 126 ? 2 : 8;
      state = State.EXTENDED_LENGTH;
    }
  }

  private void extendedLength(int octet) throws WebSocketException {
    length = (length << 8) | (octet & 0xFF);
    if (--headerBytesLeft == 0) {
      if (length < 0) {
        throw protocolError(
            BadFrame.TOO_LARGE, "the most significant bit of a frame length is set");
      }
      beginMask();
    }
  }

  private void beginMask() throws WebSocketException {
    if (length > frameBytesMax) {
      throw new WebSocketException(
          CLOSE_TOO_BIG,
          BadFrame.TOO_LARGE,
          "a frame of " + length + " bytes; at most " + frameBytesMax + " are taken");
    }
    headerBytesLeft = 4;
    state = State.MASK;
  }

  private void beginPayload(Events events) throws WebSocketException {
    maskOffset = 0;
    controlLength = 0;
    state = State.PAYLOAD;
    if (length == 0) {
      if (isControl()) {
        control(new byte[0], 0, 0, events);
      } else {
        endFrame();
      }
    }
  }

  private int payload(byte[] array, int from, int to, Events events) throws WebSocketException {
    int count = (int) Math.min(length, to - from);
    unmask(array, from, count);
    length -= count;
    boolean complete = length == 0;
    if (!isControl()) {
      if (complete) {
        endFrame();
      }
      events.payload(array, from, from + count);
    } else if (complete && controlLength == 0) {
      control(array, from, count, events);
    } else {
      byte[] partial = control;
      if (partial == null) {
        partial = new byte[CONTROL_BYTES_MAX];
        control = partial;
      }
      System.arraycopy(array, from, partial, controlLength, count);
      controlLength += count;
      if (complete) {
        control = null;
        control(partial, 0, controlLength, events);
      }
    }
    return from + count;
  }

  private void unmask(byte[] array, int from, int count) {
    int rotated = Integer.rotateLeft(mask, 8 * maskOffset);
    long wide = ((long) rotated << 32) | (rotated & 0xFFFF_FFFFL);
    int at = from;
    for (int end = from + (count & ~7); at < end; at += 8) {
      LONG.set(array, at, (long) LONG.get(array, at) ^ wide);
    }
    for (int end = from + count, shift = 24; at < end; at++, shift -= 8) {
      array[at] ^= (byte) (rotated >>> (shift & 31));
    }
    maskOffset = (maskOffset + count) & 3;
  }

  private void endFrame() {
    if (!isControl()) {
      messageOpen = !fin;
    }
    state = State.OPCODE;
  }

  private boolean isControl() {
    return opcode >= WebSocketFrames.CLOSE;
  }

  private void control(byte[] array, int from, int count, Events events) throws WebSocketException {
    state = State.OPCODE;
    switch (opcode) {
      case WebSocketFrames.PING -> events.ping(array, from, count);
      case WebSocketFrames.CLOSE -> {
        int code = closeCode(array, from, count);
        state = State.CLOSED;
        events.closeReceived(code);
      }
      default -> {} // A Pong nobody asked for is allowed and ignored (section 5.5.3).
    }
  }

  private static int closeCode(byte[] array, int from, int count) throws WebSocketException {
    if (count == 0) {
      return CLOSE_NO_CODE;
    }
    if (count == 1) {
      throw protocolError(BadFrame.CLOSE_CODE, "a Close frame with half a code");
    }
    int code = ((array[from] & 0xFF) << 8) | (array[from + 1] & 0xFF);
    if (!mayBeSent(code)) {
      throw protocolError(BadFrame.CLOSE_CODE, "a Close frame with code " + code);
    }
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(array, from + 2, count - 2));
    } catch (CharacterCodingException e) {
      throw new WebSocketException(
          CLOSE_INVALID_PAYLOAD, BadFrame.CLOSE_CODE, "the reason in a Close frame is not UTF-8");
    }
    return code;
  }

  /** Section 7.4 and the codes registered with IANA since. */
  private static boolean mayBeSent(int code) {
    return (code >= 1000 && code <= 1003)
        || (code >= 1007 && code <= 1014)
        || (code >= 3000 && code <= 4999);
  }

  private static WebSocketException protocolError(BadFrame problem, String message) {
    return new WebSocketException(CLOSE_PROTOCOL_ERROR, problem, message);
  }
}
