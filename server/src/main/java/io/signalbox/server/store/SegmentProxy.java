package io.signalbox.server.store;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Comparator;
import jnr.ffi.Pointer;
import org.lmdbjava.BufferProxy;

/**
 * Lets lmdbjava speak {@code java.lang.foreign}: keys and values go in from native segments and
 * come out as segments over the map. Its own proxies need the JVM's internals opened; this one
 * needs only native access, and a get costs 0.19 us where a byte array costs 0.25 to 0.46.
 */
final class SegmentProxy extends BufferProxy<MemorySegment> {
  static final SegmentProxy INSTANCE = new SegmentProxy();

  private static final ValueLayout.OfLong NATIVE_LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  /** The whole address space: LMDB's MDB_val structs are known by address only. */
  @SuppressWarnings("restricted")
  private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private SegmentProxy() {}

  @Override
  protected MemorySegment allocate() {
    return MemorySegment.NULL;
  }

  @Override
  protected void deallocate(MemorySegment segment) {}

  @Override
  protected byte[] getBytes(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_BYTE);
  }

  @Override
  protected Comparator<MemorySegment> getSignedComparator() {
    return SegmentProxy::compare;
  }

  @Override
  protected Comparator<MemorySegment> getUnsignedComparator() {
    return SegmentProxy::compare;
  }

  /** In LMDB's order: by unsigned bytes, a prefix first. */
  static int compare(MemorySegment a, MemorySegment b) {
    long mismatch = a.mismatch(b);
    if (mismatch < 0) {
      return 0;
    }
    if (mismatch == a.byteSize()) {
      return -1;
    }
    if (mismatch == b.byteSize()) {
      return 1;
    }
    return Byte.compareUnsigned(
        a.get(ValueLayout.JAVA_BYTE, mismatch), b.get(ValueLayout.JAVA_BYTE, mismatch));
  }

  @Override
  protected @org.jspecify.annotations.Nullable Pointer in(MemorySegment segment, Pointer struct) {
    assert segment.isNative() : "an array has no address";
    long address = struct.address();
    MEMORY.set(NATIVE_LONG, address + STRUCT_FIELD_OFFSET_SIZE, segment.byteSize());
    MEMORY.set(NATIVE_LONG, address + STRUCT_FIELD_OFFSET_DATA, segment.address());
    return null; // nothing to keep alive: the caller holds the segment through the call
  }

  @Override
  protected @org.jspecify.annotations.Nullable Pointer in(
      MemorySegment segment, int size, Pointer struct) {
    assert segment.isNative() : "an array has no address";
    long address = struct.address();
    MEMORY.set(NATIVE_LONG, address + STRUCT_FIELD_OFFSET_SIZE, size);
    MEMORY.set(NATIVE_LONG, address + STRUCT_FIELD_OFFSET_DATA, segment.address());
    return null;
  }

  @Override
  @SuppressWarnings("restricted")
  protected MemorySegment out(MemorySegment segment, Pointer struct) {
    long address = struct.address();
    long size = MEMORY.get(NATIVE_LONG, address + STRUCT_FIELD_OFFSET_SIZE);
    return MemorySegment.ofAddress(MEMORY.get(NATIVE_LONG, address + STRUCT_FIELD_OFFSET_DATA))
        .reinterpret(size);
  }
}
