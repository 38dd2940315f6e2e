package io.signalbox.server.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.jspecify.annotations.Nullable;

/** Where {@code pub} takes its payloads from. Used by the command's thread. */
sealed interface Payloads extends AutoCloseable {

  /** The next payload; null when there is none now. */
  byte @Nullable [] next() throws CommandFailure;

  /** Whether there will be no more. */
  boolean isAtEnd();

  @Override
  default void close() {}

  static Payloads repeated(byte[] payload, long count) {
    return new Repeated(payload, count);
  }

  /**
   * @param onMore called by another thread when there is one after there was none, or the end
   */
  static Payloads lines(InputStream input, Runnable onMore) {
    return new Lines(input, onMore);
  }

  /** The same again and again. */
  final class Repeated implements Payloads {
    private final byte[] payload;
    private long left;

    private Repeated(byte[] payload, long count) {
      this.payload = payload;
      this.left = count;
    }

    @Override
    public byte @Nullable [] next() {
      if (left == 0) {
        return null;
      }
      left--;
      return payload;
    }

    @Override
    public boolean isAtEnd() {
      return left == 0;
    }
  }

  /** Lines as a thread of their own reads them, so that a quiet input blocks nobody. */
  final class Lines implements Payloads {
    private static final int AHEAD_MAX = 1_000;
    private static final int LINE_BYTES_MAX = 1 << 24;
    private static final byte[] END = new byte[0]; // by identity: an empty line is a message

    private final BlockingQueue<byte[]> ahead = new ArrayBlockingQueue<>(AHEAD_MAX);
    private final Thread reader;
    private volatile @Nullable CommandFailure failure;
    private boolean atEnd;

    private Lines(InputStream input, Runnable onMore) {
      reader =
          Thread.ofPlatform().daemon().name("standard-input").start(() -> readAll(input, onMore));
    }

    private void readAll(InputStream input, Runnable onMore) {
      try {
        try {
          readLines(new BufferedInputStream(input), onMore);
        } catch (IOException e) {
          failure = new CommandFailure("cannot read standard input: " + e.getMessage(), e);
        }
        ahead.put(END);
        onMore.run();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt(); // nobody takes them any more
      }
    }

    private void readLines(InputStream input, Runnable onMore)
        throws IOException, InterruptedException {
      var line = new ByteArrayOutputStream();
      for (int b = input.read(); b >= 0; b = input.read()) {
        if (b != '\n') {
          line.write(b);
          if (line.size() > LINE_BYTES_MAX) {
            throw new IOException("a line of more than " + LINE_BYTES_MAX + " bytes");
          }
          continue;
        }
        ahead.put(line.toByteArray());
        line.reset();
        if (ahead.size() == 1) { // whoever took the one before may wait; otherwise there were more
          onMore.run();
        }
      }
      if (line.size() > 0) {
        ahead.put(line.toByteArray()); // the last one without an end
      }
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // END is an object, not a value
    public byte @Nullable [] next() throws CommandFailure {
      byte[] line = atEnd ? null : ahead.poll();
      if (line != END) {
        return line;
      }
      atEnd = true;
      CommandFailure cause = failure;
      if (cause != null) {
        throw cause;
      }
      return null;
    }

    @Override
    public boolean isAtEnd() {
      return atEnd;
    }

    @Override
    public void close() {
      reader.interrupt();
    }
  }
}
