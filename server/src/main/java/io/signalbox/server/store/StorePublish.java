package io.signalbox.server.store;

import io.signalbox.server.eventloop.ConfinedTo;
import io.signalbox.server.packet.Qos;
import io.signalbox.server.routing.Message;
import io.signalbox.server.routing.StoredMessage;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One PUBLISH with something durable about it: sessions to keep it for, a retained message to set
 * or clear, the Packet Identifier of an inbound QoS 2 message, or a will that has been published.
 * All of it becomes durable in one commit. Result: this object.
 *
 * <p>It is also the handle by which a session names its row before the row has a sequence. The
 * command itself changes no more once it is made; besides it there are a claim for each receiver,
 * which the receiver's owner and the writer race for, and what applying it came to.
 */
public final class StorePublish implements Command, StoredMessage {
  private static final VarHandle CLAIM = MethodHandles.arrayElementVarHandle(int[].class);

  private static final int RETAIN_FLAG = 1 << 2;
  private static final int SHARED_FLAG = 1 << 3;
  private static final int FLAGS = 0b1111;

  private static final int FREE = 0;
  private static final int WRITER_WAS_FIRST = -1;
  private static final int WITHDRAWN = -2;

  private static final int PACKET_ID_MAX = 65_535;

  /** Up to so many receivers are searched one by one. */
  private static final int LINEAR_MAX = 12;

  private static final int[] NO_SLOTS = {};

  /** Whether it becomes, or with an empty payload clears, the retained message of its topic. */
  public enum Retaining {
    NO,
    /** What the limits do not allow to keep goes to its receivers all the same. */
    IF_POSSIBLE,
    /** What the limits do not allow to keep is refused as a whole: its publisher is told. */
    OR_REFUSED;

    static Retaining of(int code) {
      return switch (code) {
        case 0 -> NO;
        case 1 -> IF_POSSIBLE;
        case 2 -> OR_REFUSED;
        default -> throw new IllegalArgumentException("retaining " + code);
      };
    }

    int code() {
      return switch (this) {
        case NO -> 0;
        case IF_POSSIBLE -> 1;
        case OR_REFUSED -> 2;
      };
    }
  }

  /**
   * The sessions that are to keep a message; for each the same place in all three.
   *
   * @param numbers of the sessions, each once
   * @param flags see {@link StorePublish#flags}
   * @param subscriptionIdentifiers 1..268,435,455
   */
  public record Keepers(long[] numbers, byte[] flags, int[][] subscriptionIdentifiers) {
    /** Nobody. */
    public static final Keepers NONE = new Keepers(new long[0], new byte[0], new int[0][]);

    /**
     * @throws IllegalArgumentException they are not of the same length
     */
    public Keepers {
      if (flags.length != numbers.length || subscriptionIdentifiers.length != numbers.length) {
        throw new IllegalArgumentException(
            numbers.length
                + " receivers with "
                + flags.length
                + " flags and "
                + subscriptionIdentifiers.length
                + " identifier lists");
      }
    }

    /** One session. */
    public static Keepers one(long number, byte flags, int[] subscriptionIdentifiers) {
      return new Keepers(
          new long[] {number}, new byte[] {flags}, new int[][] {subscriptionIdentifiers});
    }
  }

  /**
   * The QoS 2 delivery by which a message came, which is not to be stored twice.
   *
   * @param number of the durable session whose client published it; 0: none
   * @param packetId 1..65,535; else 0
   * @param epoch of the session
   */
  public record Qos2Origin(long number, int packetId, long epoch) {
    /** It did not come so, or the session is in memory. */
    public static final Qos2Origin NONE = new Qos2Origin(0, 0, 0);
  }

  /** What became of one receiver's row, in the order in which it can happen. */
  static final class Row {
    static final byte UNDECIDED = 0;
    static final byte SESSION_GONE = 1;
    static final byte OVER_QUOTA = 2;

    /** The quota of all queues together. */
    static final byte OVER_STORE_QUOTA = 3;

    static final byte QUEUED = 4;
    static final byte SENT = 5;
    static final byte RELEASED = 6;

    /** Acknowledged before it was written; it never touches the disk. */
    static final byte VANISHED = 7;

    private Row() {}
  }

  /** Null once it is {@link #settled}. */
  private @Nullable Message message;

  // Of its receivers; empty once it is settled.
  private long[] numbers;
  private byte[] flags;
  private int[][] subscriptionIdentifiers;
  private final int identifierBytes;
  private final Retaining retaining;
  private final Qos2Origin origin;
  private final long willOf;
  private final boolean othersToo;

  /** The publish of which this is another copy for a session that it has already; null: none. */
  private final @Nullable StorePublish copyOf;

  /** Open addressing: index + 1 of the receiver whose number hashes here; empty for few. */
  private int[] slots;

  // FREE, WRITER_WAS_FIRST, WITHDRAWN, or the Packet Identifier of the row.
  private final int[] claims;

  private volatile long sequence;

  /** Whose it is; written before it is submitted. */
  private @Nullable Submitter submitter;

  @ConfinedTo("store writer until the completion, then constant")
  private final byte[] rows;

  @ConfinedTo("store writer until the completion, then constant")
  private boolean duplicate;

  /** Whether it was applied in this attempt, and neither refused nor a repetition. */
  @ConfinedTo("store writer")
  private boolean stored;

  @ConfinedTo("store writer until the completion, then constant")
  private boolean refusedAsAWhole;

  @ConfinedTo("store writer until the completion, then constant")
  private boolean refusedByAll;

  /** Whether its rows are still held back from the disk. */
  @ConfinedTo("store writer")
  private boolean pending;

  /** Of the message as {@link MessageBytes} writes it. */
  @ConfinedTo("store writer")
  private int formBytes;

  /**
   * @param willOf session whose stored will this is; cleared in the same commit; 0: none
   * @param othersToo whether somebody gets it who has no queue here, so that full queues are no
   *     reason to refuse it
   */
  public StorePublish(
      Message message,
      Keepers keepers,
      Retaining retaining,
      Qos2Origin origin,
      long willOf,
      boolean othersToo) {
    this(message, keepers, retaining, origin, willOf, othersToo, null);
  }

  /** A message that is in the queues of these sessions and does nothing else. */
  public StorePublish(Message message, Keepers keepers) {
    this(message, keepers, Retaining.NO, Qos2Origin.NONE, 0, false, null);
  }

  private StorePublish(
      Message message,
      Keepers keepers,
      Retaining retaining,
      Qos2Origin origin,
      long willOf,
      boolean othersToo,
      @Nullable StorePublish copyOf) {
    if (origin.number != 0) {
      requirePacketId(origin.packetId);
    }
    this.message = message;
    this.numbers = keepers.numbers;
    this.flags = keepers.flags;
    this.subscriptionIdentifiers = keepers.subscriptionIdentifiers;
    this.identifierBytes = bytes(subscriptionIdentifiers);
    this.retaining = retaining;
    this.origin = origin;
    this.willOf = willOf;
    this.othersToo = othersToo;
    this.copyOf = copyOf;
    this.slots = index(numbers);
    this.claims = new int[numbers.length];
    this.rows = new byte[numbers.length];
  }

  /**
   * Another copy of this message, for a session that has one already: it has a row and a sequence
   * of its own, and is stored in the same commit as this or not at all. Submit both together.
   *
   * @param number of the session
   * @param copyFlags see {@link #flags}
   */
  public StorePublish copyFor(long number, byte copyFlags, int[] identifiers) {
    return copyFor(message(), Keepers.one(number, copyFlags, identifiers));
  }

  StorePublish copyFor(Message message, Keepers keepers) {
    return new StorePublish(
        message,
        keepers,
        Retaining.NO,
        Qos2Origin.NONE,
        0,
        true, // else somebody might be told that nobody took it
        this);
  }

  private static int bytes(int[][] lists) {
    long bytes = 0;
    for (int[] list : lists) {
      bytes += (long) Integer.BYTES * list.length;
    }
    return (int) Math.min(Integer.MAX_VALUE, bytes);
  }

  /** How a receiver gets the message. */
  public static byte flags(Qos qos, boolean retain, boolean shared) {
    return (byte) (qos.value() | (retain ? RETAIN_FLAG : 0) | (shared ? SHARED_FLAG : 0));
  }

  /** Whether {@link #qosOf} can tell one: else the row is damaged. */
  static boolean isQos(int flags) {
    return (flags & 0b11) != 0b11;
  }

  static Qos qosOf(int flags) {
    return Qos.of(flags & 0b11);
  }

  static boolean isRetain(int flags) {
    return (flags & RETAIN_FLAG) != 0;
  }

  static boolean isShared(int flags) {
    return (flags & SHARED_FLAG) != 0;
  }

  /** The Packet Identifier of a row that carries none: a function of its sequence. */
  public static int derivedPacketId(long sequence) {
    return 1 + (int) (sequence % PACKET_ID_MAX);
  }

  /** For its submitter before the submission, and then for the writer until it answers. */
  public Message message() {
    Message known = message;
    assert known != null : "asked for after the answer";
    return known;
  }

  /**
   * It is answered, so that the writer needs neither the message nor its receivers any more.
   * Whoever names its row by this handle may do so for as long as a client does not acknowledge.
   */
  void settled() {
    message = null;
    numbers = Keepers.NONE.numbers;
    flags = Keepers.NONE.flags;
    subscriptionIdentifiers = Keepers.NONE.subscriptionIdentifiers;
    slots = NO_SLOTS;
  }

  Retaining retaining() {
    return retaining;
  }

  public boolean setRetained() {
    return retaining != Retaining.NO;
  }

  /** Position of its rows in their queues; 0 until it is applied. Any thread. */
  public long sequence() {
    return sequence;
  }

  private volatile boolean refused;

  /** Called before its submission. */
  void submittedBy(@Nullable Submitter whose) {
    submitter = whose;
  }

  @Nullable Submitter submitter() {
    return submitter;
  }

  /** It is not applied, nor is any that follows of the same submitter. Any thread. */
  void refuse() {
    Submitter whose = submitter;
    if (whose != null) {
      whose.refuse();
    }
    refused = true;
  }

  /** Whether {@link #refuse} was called. Any thread. */
  boolean isRefused() {
    return refused;
  }

  /**
   * It was refused for want of room, or will be because it comes behind such a one, and its
   * submitter sends both again: who has not got it yet must not get it now, or the second might
   * come before the first. Any thread, after the submission.
   */
  public boolean comesAgain() {
    Submitter whose = submitter;
    return whose != null && (refused || (sequence == 0 && whose.isRefused()));
  }

  /**
   * Says that the message was sent early, before the commit, with this Packet Identifier, so that
   * the row will carry it. Called at most once for each receiver, on the thread of its owner.
   *
   * @return false: the row was applied first, so send it with {@link #derivedPacketId}
   */
  public boolean claimPacketId(int receiverIndex, int packetId) {
    requirePacketId(packetId);
    return CLAIM.compareAndSet(claims, receiverIndex, FREE, packetId);
  }

  /** After the completion: false when the receiver's quota was full or its session had ended. */
  public boolean accepted(int receiverIndex) {
    return rows[receiverIndex] >= Row.QUEUED;
  }

  /** After the completion: whether the receiver's queue, or all of them together, was full. */
  public boolean isOverQuota(int receiverIndex) {
    return isOverQuota(rows[receiverIndex]);
  }

  private static boolean isOverQuota(byte row) {
    return row == Row.OVER_QUOTA || row == Row.OVER_STORE_QUOTA;
  }

  /** After the completion: whether the receiver's own queue was full. */
  public boolean isQueueFull(int receiverIndex) {
    return rows[receiverIndex] == Row.OVER_QUOTA;
  }

  /**
   * After the completion, of a receiver whose queue was full: another one is to get the message.
   *
   * @return false: it has begun to send it all the same; else it never will
   */
  public boolean withdraw(int receiverIndex) {
    return CLAIM.compareAndSet(claims, receiverIndex, FREE, WITHDRAWN);
  }

  /**
   * The message is about to be sent with this Packet Identifier, claimed or not. On the thread of
   * the receiver's owner.
   *
   * @return false: it was {@linkplain #withdraw withdrawn}
   */
  public boolean begin(int receiverIndex, int packetId) {
    return CLAIM.compareAndSet(claims, receiverIndex, FREE, packetId)
        || !isWithdrawn(receiverIndex);
  }

  /** Whether it was {@linkplain #withdraw withdrawn}. Any thread. */
  public boolean isWithdrawn(int receiverIndex) {
    return (int) CLAIM.getVolatile(claims, receiverIndex) == WITHDRAWN;
  }

  /**
   * After the completion: the same message for another member of a Shared Subscription, instead of
   * one whose queue was full.
   *
   * @param whole nobody has it yet: what else was refused with it, the Packet Identifier of QoS 2,
   *     is stored with it now
   * @param number of the session; 0: of one that has no queue here
   * @param memberFlags see {@link #flags}
   */
  public StorePublish instead(
      Message ofThis, boolean whole, long number, byte memberFlags, int[] identifiers) {
    boolean queued = number != 0;
    return new StorePublish(
        ofThis,
        queued ? Keepers.one(number, memberFlags, identifiers) : Keepers.NONE,
        Retaining.NO,
        whole ? origin : Qos2Origin.NONE,
        0,
        !queued);
  }

  /** Whether the store has to know of it although nobody keeps it there. */
  public boolean cameAsQos2() {
    return origin.number != 0;
  }

  /**
   * After the completion: nobody took it, because the queues of those who were to have it are full,
   * and it is not retained. Its Packet Identifier, if it came as QoS 2, is free again.
   */
  public boolean refusedByAll() {
    return refusedByAll;
  }

  /**
   * After the completion: the limits did not allow to keep it as its topic's retained message, so
   * no queue has it either, and its Packet Identifier, if it came as QoS 2, is free again.
   */
  public boolean refusedAsAWhole() {
    return refusedAsAWhole;
  }

  /**
   * After the completion: the inbound QoS 2 Packet Identifier was in use, so this is a repetition
   * and nothing was stored.
   */
  public boolean duplicate() {
    return duplicate;
  }

  /**
   * A stored will does not: it was accepted with its client's CONNECT, must not be refused now, and
   * its row goes in the same transaction.
   */
  @Override
  public boolean grows() {
    if (copyOf != null) {
      return copyOf.grows();
    }
    boolean setsValue = setRetained() && message().payload().length > 0;
    return willOf == 0 && (numbers.length > 0 || cameAsQos2() || setsValue);
  }

  boolean clearsRetained() {
    return setRetained() && message().payload().length == 0;
  }

  @Override
  public int bytes() {
    long bytes = message().bytes() + 64L * numbers.length + (long) identifierBytes;
    return (int) Math.min(Integer.MAX_VALUE, bytes);
  }

  // ---- for the writer

  int receivers() {
    return rows.length;
  }

  long number(int receiverIndex) {
    return numbers[receiverIndex];
  }

  byte flagsOf(int receiverIndex) {
    return flags[receiverIndex];
  }

  int[] subscriptionIdentifiersOf(int receiverIndex) {
    return subscriptionIdentifiers[receiverIndex];
  }

  long qos2Number() {
    return origin.number;
  }

  int qos2PacketId() {
    return origin.packetId;
  }

  long epochOfQos2() {
    return origin.epoch;
  }

  long willOf() {
    return willOf;
  }

  boolean othersToo() {
    return othersToo;
  }

  @Nullable StorePublish copyOf() {
    return copyOf;
  }

  int formBytes() {
    return formBytes;
  }

  boolean isStored() {
    return stored;
  }

  void setStored(boolean now) {
    stored = now;
  }

  boolean pending() {
    return pending;
  }

  void setPending(boolean pending) {
    this.pending = pending;
  }

  /** Begins to apply it, perhaps again after an aborted transaction: what was told stands. */
  void begin(long newSequence, int messageFormBytes) {
    formBytes = messageFormBytes;
    Arrays.fill(rows, Row.UNDECIDED);
    duplicate = false;
    refusedAsAWhole = false;
    refusedByAll = false;
    pending = false;
    sequence = newSequence;
  }

  void markDuplicate() {
    duplicate = true;
  }

  void refuseAsAWhole() {
    Arrays.fill(rows, Row.OVER_QUOTA);
    refusedAsAWhole = true;
  }

  /** Once each receiver's row is decided. */
  void decide() {
    boolean overQuota = false;
    boolean taken = othersToo || setRetained(); // who subscribes later gets a retained one
    for (byte row : rows) {
      overQuota |= isOverQuota(row);
      taken |= row >= Row.QUEUED;
    }
    refusedByAll = overQuota && !taken;
  }

  byte row(int receiverIndex) {
    return rows[receiverIndex];
  }

  void setRow(int receiverIndex, byte row) {
    rows[receiverIndex] = row;
  }

  /** Closes the race for a receiver's Packet Identifier. Returns 0 when the row carries none. */
  int settlePacketId(int receiverIndex) {
    CLAIM.compareAndSet(claims, receiverIndex, FREE, WRITER_WAS_FIRST);
    return packetId(receiverIndex);
  }

  /** Of a settled row; 0: none. */
  int packetId(int receiverIndex) {
    return Math.max(0, (int) CLAIM.getVolatile(claims, receiverIndex));
  }

  void setPacketId(int receiverIndex, int packetId) {
    CLAIM.setVolatile(claims, receiverIndex, packetId);
  }

  /** Place of a session among the receivers, or -1. */
  int indexOf(long number) {
    if (slots.length == 0) {
      for (int i = 0; i < numbers.length; i++) {
        if (numbers[i] == number) {
          return i;
        }
      }
      return -1;
    }
    int mask = slots.length - 1;
    for (int slot = Long.hashCode(number * MIX) & mask;
        slots[slot] != 0;
        slot = (slot + 1) & mask) {
      if (numbers[slots[slot] - 1] == number) {
        return slots[slot] - 1;
      }
    }
    return -1;
  }

  private static final long MIX = 0x9E3779B97F4A7C15L;

  private static int[] index(long[] numbers) {
    if (numbers.length <= LINEAR_MAX) {
      for (int i = 1; i < numbers.length; i++) {
        for (int j = 0; j < i; j++) {
          requireDistinct(numbers[i] != numbers[j], numbers[i]);
        }
      }
      return NO_SLOTS;
    }
    int[] slots = new int[Integer.highestOneBit(numbers.length) << 2];
    int mask = slots.length - 1;
    for (int i = 0; i < numbers.length; i++) {
      int slot = Long.hashCode(numbers[i] * MIX) & mask;
      while (slots[slot] != 0) {
        requireDistinct(numbers[slots[slot] - 1] != numbers[i], numbers[i]);
        slot = (slot + 1) & mask;
      }
      slots[slot] = i + 1;
    }
    return slots;
  }

  private static void requireDistinct(boolean distinct, long number) {
    if (!distinct) {
      throw new IllegalArgumentException("session " + number + " is a receiver twice");
    }
  }

  static void requirePacketId(int packetId) {
    if (packetId < 1 || packetId > PACKET_ID_MAX) {
      throw new IllegalArgumentException(
          "packet identifier " + packetId + " is outside 1.." + PACKET_ID_MAX);
    }
  }

  static void requireFlags(int flags) {
    if ((flags & ~FLAGS) != 0 || (flags & 0b11) == 0b11) {
      throw new IllegalArgumentException("receiver flags " + flags);
    }
  }

  static void requireSequenceOrHandle(long sequence, @Nullable StorePublish handle) {
    if (sequence <= 0 && handle == null) {
      throw new IllegalArgumentException("neither a sequence nor a handle names the row");
    }
  }
}
