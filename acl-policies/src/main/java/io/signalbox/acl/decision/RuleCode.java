package io.signalbox.acl.decision;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * How patterns are laid out in one array of bytes, so that a decision about a client that was not
 * heard of for long reads few cache lines that lie side by side, and not an object here and there.
 *
 * <p>A node is a byte of flags, and then, as far as its flags say so, in this order:
 *
 * <pre>
 *   BELOW   count, rules: patterns that go on with "#" and end
 *   HERE    count, rules: patterns that end here
 *   PLUS    int: where patterns go on with "+"
 *   SLOTS   count, pairs of int: a level that is another text for each client, and its node
 *   TEXTS   count, entries: fixed levels, tried one after the other
 *   TABLE   int: mask; mask + 1 times int: fixed levels by their hash, open addressing, at most
 *           half full; an entry each, 0 for none
 *   entry   count: bytes of the level; int: its node; the bytes
 *   count   a byte, or 255 and an int
 *   rule    a long, see {@link Rule}
 * </pre>
 *
 * All numbers are in the byte order of the machine: the array never leaves the process. 0 is no
 * place of anything.
 */
final class RuleCode {
  static final int BELOW = 1;
  static final int HERE = 2;
  static final int PLUS = 4;
  static final int SLOTS = 8;
  static final int TEXTS = 16;
  static final int TABLE = 32;

  static final int RULE_BYTES = 8;
  static final int SLOT_BYTES = 8;

  /** More fixed levels than that are looked up by their hash. */
  static final int TEXTS_MAX = 6;

  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private RuleCode() {}

  static int intAt(byte[] code, int at) {
    return (int) INT.get(code, at);
  }

  static long longAt(byte[] code, int at) {
    return (long) LONG.get(code, at);
  }

  /** The count that stands here. */
  static int count(byte[] code, int at) {
    int small = code[at] & 0xFF;
    return small < 255 ? small : intAt(code, at + 1);
  }

  /** Where the count that stands here ends. */
  static int afterCount(byte[] code, int at) {
    return code[at] == -1 ? at + 5 : at + 1;
  }

  /** The node of the fixed level in {@code text[from..to)}, 0 when there is none. */
  static int find(byte[] code, int at, boolean table, byte[] text, int from, int to) {
    return table ? findInTable(code, at, text, from, to) : findInTexts(code, at, text, from, to);
  }

  private static int findInTexts(byte[] code, int at, byte[] text, int from, int to) {
    int entry = afterCount(code, at);
    for (int left = count(code, at); left > 0; left--) {
      int length = count(code, entry);
      int bytes = afterCount(code, entry) + 4;
      if (length == to - from && Arrays.equals(code, bytes, bytes + length, text, from, to)) {
        return intAt(code, bytes - 4);
      }
      entry = bytes + length;
    }
    return 0;
  }

  private static int findInTable(byte[] code, int at, byte[] text, int from, int to) {
    int mask = intAt(code, at);
    int i = hash(text, from, to) & mask;
    for (int probes = 0; probes <= mask; probes++) {
      int entry = intAt(code, at + 4 + 4 * i);
      if (entry == 0) {
        return 0;
      }
      int length = count(code, entry);
      int bytes = afterCount(code, entry) + 4;
      if (length == to - from && Arrays.equals(code, bytes, bytes + length, text, from, to)) {
        return intAt(code, bytes - 4);
      }
      i = (i + 1) & mask;
    }
    return 0;
  }

  /** The texts come from policies, so nobody who sends topics can make them collide. */
  static int hash(byte[] text, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + text[i];
    }
    return hash ^ hash >>> 16;
  }

  /** An array that grows, and what is written to it. One thread. */
  static final class Writer {
    private byte[] code = new byte[256];
    private int end = 1; // 0 is no place

    int end() {
      return end;
    }

    void flags(int flags) {
      room(1);
      code[end++] = (byte) flags;
    }

    void count(int count) {
      room(5);
      if (count < 255) {
        code[end++] = (byte) count;
      } else {
        code[end++] = -1;
        number(count);
      }
    }

    /** Answers where the number stands, for {@link #set}. */
    int number(int number) {
      room(4);
      INT.set(code, end, number);
      end += 4;
      return end - 4;
    }

    void rule(long rule) {
      room(RULE_BYTES);
      LONG.set(code, end, rule);
      end += RULE_BYTES;
    }

    void bytes(byte[] bytes) {
      room(bytes.length);
      System.arraycopy(bytes, 0, code, end, bytes.length);
      end += bytes.length;
    }

    void set(int at, int number) {
      INT.set(code, at, number);
    }

    int get(int at) {
      return intAt(code, at);
    }

    byte[] toBytes() {
      return Arrays.copyOf(code, end);
    }

    private void room(int bytes) {
      if (code.length - end < bytes) {
        long size =
            Math.min(Integer.MAX_VALUE - 16L, Math.max(2L * code.length, end + (long) bytes));
        if (size < end + (long) bytes) {
          throw new IllegalArgumentException("the rules of one client are larger than 2 GiB");
        }
        code = Arrays.copyOf(code, (int) size);
      }
    }
  }
}
