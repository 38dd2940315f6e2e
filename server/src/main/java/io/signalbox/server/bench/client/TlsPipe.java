package io.signalbox.server.bench.client;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

/** TLS on another pipe, by the JDK's engine. The engine's tasks run on the loop's thread. */
final class TlsPipe implements Pipe {
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  private final Pipe lower;
  private final SSLEngine engine;
  private final Scratch scratch;
  private final Leftover in = new Leftover();
  private final Leftover out = new Leftover();

  private boolean established;
  private boolean ended;

  TlsPipe(Pipe lower, SSLEngine engine, Scratch scratch) {
    this.lower = lower;
    this.engine = engine;
    this.scratch = scratch;
  }

  @Override
  public boolean connect() throws IOException {
    if (established) {
      return true;
    }
    if (!lower.connect()) {
      return false;
    }
    if (engine.getHandshakeStatus() == HandshakeStatus.NOT_HANDSHAKING) {
      engine.beginHandshake();
    }
    established = shakeHands();
    return established;
  }

  private boolean shakeHands() throws IOException {
    while (true) {
      switch (engine.getHandshakeStatus()) {
        case NEED_TASK -> runTasks();
        case NEED_WRAP -> {
          if (!flush()) {
            return false;
          }
          wrap(NOTHING);
        }
        case NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {
          if (!flush()) {
            return false;
          }
          int read = unwrap(scratch.packetsIn(0));
          if (read < 0) {
            throw new EOFException("the server closed the connection during the TLS handshake");
          }
          if (isWaiting(engine.getHandshakeStatus())) {
            return false;
          }
        }
        case FINISHED, NOT_HANDSHAKING -> {
          flush();
          return true;
        }
      }
    }
  }

  private static boolean isWaiting(HandshakeStatus status) {
    return status == HandshakeStatus.NEED_UNWRAP || status == HandshakeStatus.NEED_UNWRAP_AGAIN;
  }

  private void runTasks() {
    for (Runnable task = engine.getDelegatedTask();
        task != null;
        task = engine.getDelegatedTask()) {
      task.run();
    }
  }

  @Override
  public int read(ByteBuffer into) throws IOException {
    int start = into.position();
    int read = unwrap(into);
    while (read >= 0 && engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && flush()) {
      wrap(NOTHING); // answers a key update (RFC 8446 section 4.6.3)
      read = unwrap(into);
    }
    int decrypted = into.position() - start;
    return decrypted > 0 ? decrypted : read;
  }

  /** Decrypts all complete records that are there and fit. */
  private int unwrap(ByteBuffer into) throws IOException {
    int start = into.position();
    ByteBuffer records = scratch.tlsIn.clear();
    in.moveTo(records);
    while (!ended) {
      records.flip();
      boolean goesOn = unwrapAll(records, into);
      records.compact();
      if (!goesOn) {
        break;
      }
      int read = lower.read(records);
      if (read < 0) {
        ended = true;
      }
      if (read <= 0) {
        break;
      }
    }
    in.keep(records.flip());
    int decrypted = into.position() - start;
    return decrypted == 0 && ended ? -1 : decrypted;
  }

  /** False when something other than more records must come first. */
  private boolean unwrapAll(ByteBuffer records, ByteBuffer into) throws SSLException {
    while (records.hasRemaining()) {
      if (into.remaining() < engine.getSession().getApplicationBufferSize()) {
        return false;
      }
      SSLEngineResult result = engine.unwrap(records, into);
      switch (result.getStatus()) {
        case BUFFER_UNDERFLOW -> {
          return true;
        }
        case BUFFER_OVERFLOW -> {
          return false;
        }
        case CLOSED -> {
          ended = true;
          return false;
        }
        case OK -> {
          HandshakeStatus status = result.getHandshakeStatus();
          if (status == HandshakeStatus.NEED_TASK) {
            runTasks();
            status = engine.getHandshakeStatus();
          }
          if (status == HandshakeStatus.NEED_WRAP
              || (status == HandshakeStatus.FINISHED && !established)) {
            return false;
          }
        }
      }
    }
    return true;
  }

  @Override
  public void write(ByteBuffer from) throws IOException {
    while (from.hasRemaining() && flush()) {
      wrap(from);
    }
  }

  /** Encrypts as many records as the shared buffer takes, and sends them with one call. */
  private void wrap(ByteBuffer from) throws IOException {
    ByteBuffer records = scratch.tlsOut.clear();
    int recordBytesMax = engine.getSession().getPacketBufferSize();
    do {
      SSLEngineResult result = engine.wrap(from, records);
      if (result.getStatus() == SSLEngineResult.Status.CLOSED && from.hasRemaining()) {
        throw new EOFException("the server closed the connection");
      }
    } while (from.hasRemaining() && records.remaining() >= recordBytesMax);
    records.flip();
    lower.write(records);
    out.keep(records);
  }

  @Override
  public boolean flush() throws IOException {
    if (!out.isEmpty()) {
      out.writeTo(lower);
    }
    return out.isEmpty() && lower.flush();
  }

  @Override
  public int interest() {
    return lower.interest() | (out.isEmpty() ? 0 : SelectionKey.OP_WRITE);
  }

  @Override
  public void shutdownOutput() throws IOException {
    engine.closeOutbound();
    if (flush()) {
      wrap(NOTHING);
    }
    lower.shutdownOutput();
  }

  @Override
  public void close() {
    lower.close();
  }
}
