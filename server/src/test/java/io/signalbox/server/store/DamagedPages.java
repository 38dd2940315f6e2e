package io.signalbox.server.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/** Pages of LMDB's file as a fault of the disk may leave them. */
final class DamagedPages {
  private static final int PAGE_BYTES = 4_096;
  private static final int FLAGS = 10;
  private static final int LOWER = 12;
  private static final int UPPER = 14;
  private static final int FIRST_NODE = 16;
  private static final int BRANCH = 1;

  private DamagedPages() {}

  /**
   * The last page of each table that has more than one is not where the page above says. Also while
   * the store is open, which sees the file.
   */
  static void loseLastPages(Path directory) throws IOException {
    losePages(directory, false);
  }

  /** The same of the first page of each table that has more than one. */
  static void loseFirstPages(Path directory) throws IOException {
    losePages(directory, true);
  }

  private static void losePages(Path directory, boolean first) throws IOException {
    Path file = directory.resolve(Lmdb.DATA_FILE);
    var options = new StandardOpenOption[] {StandardOpenOption.READ, StandardOpenOption.WRITE};
    try (FileChannel channel = FileChannel.open(file, options)) {
      var page = ByteBuffer.allocate(PAGE_BYTES).order(ByteOrder.nativeOrder());
      for (long at = 2 * PAGE_BYTES; channel.read(page.clear(), at) == PAGE_BYTES; ) {
        if (page.getShort(FLAGS) == BRANCH) {
          int node = page.getShort(first ? FIRST_NODE : page.getShort(LOWER) - Short.BYTES);
          page.putShort(node + 2 * Short.BYTES, Short.MAX_VALUE); // the page's highest bits
          channel.write(page.flip().limit(PAGE_BYTES), at);
        }
        at += PAGE_BYTES;
      }
    }
  }

  /** The pages with a row that has these bytes are empty. While no process has the store open. */
  static void zeroPagesWith(Path directory, byte[] bytes) throws IOException {
    Path file = directory.resolve(Lmdb.DATA_FILE);
    byte[] content = Files.readAllBytes(file);
    ByteBuffer pages = ByteBuffer.wrap(content).order(ByteOrder.nativeOrder());
    for (int at = 0; at + bytes.length <= content.length; at++) {
      int page = at / PAGE_BYTES * PAGE_BYTES;
      if (at >= page + pages.getShort(page + UPPER) // below it may stand what was there before
          && Arrays.equals(content, at, at + bytes.length, bytes, 0, bytes.length)) {
        Arrays.fill(content, page, page + PAGE_BYTES, (byte) 0);
      }
    }
    Files.write(file, content);
  }

  /** The rows of one key say that it has another length. While no process has the store open. */
  static void misstateLength(Path directory, byte[] key, int bytes) throws IOException {
    Path file = directory.resolve(Lmdb.DATA_FILE);
    byte[] content = Files.readAllBytes(file);
    ByteBuffer pages = ByteBuffer.wrap(content).order(ByteOrder.nativeOrder());
    for (int at = Short.BYTES; at + key.length <= content.length; at++) {
      if (pages.getShort(at - Short.BYTES) == key.length
          && Arrays.equals(content, at, at + key.length, key, 0, key.length)) {
        pages.putShort(at - Short.BYTES, (short) bytes);
      }
    }
    Files.write(file, content);
  }
}
