package io.signalbox.pki.openssl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.security.ProviderException;

/**
 * One operation of the library with all that it needs: memory, keys and contexts, which are wiped
 * and freed when it is closed. One thread.
 */
final class CryptoCall implements AutoCloseable {
  /** More than any of the operations takes; one that does not fit fails. */
  private static final int SCRATCH_BYTES = 2048;

  private static final int OBJECTS_MAX = 8;

  /** OSSL_PARAM: key, data_type, data, data_size, return_size. */
  private static final int PARAM_BYTES = 40;

  private static final int UNSIGNED_INTEGER = 2;
  private static final int UTF8_STRING = 4;
  private static final int OCTET_STRING = 5;

  /** EVP_PKEY_PUBLIC_KEY. */
  static final int PUBLIC_KEY = 0x86;

  /** EVP_PKEY_KEYPAIR. */
  static final int KEY_PAIR = 0x87;

  private final LibCrypto library;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment scratch = arena.allocate(SCRATCH_BYTES, Long.BYTES);
  private final SegmentAllocator allocator = SegmentAllocator.slicingAllocator(scratch);
  private final MemorySegment[] keys = new MemorySegment[OBJECTS_MAX];
  private final MemorySegment[] contexts = new MemorySegment[OBJECTS_MAX];
  private int keyCount;
  private int contextCount;

  CryptoCall(LibCrypto library) {
    this.library = library;
  }

  /** Room for an answer, in zeros. */
  MemorySegment room(int bytes) {
    return allocator.allocate(bytes);
  }

  MemorySegment copy(byte[] bytes) {
    return allocator.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
  }

  MemorySegment text(String value) {
    return allocator.allocateFrom(value);
  }

  /** Room for a length, which is at first this one. */
  MemorySegment length(long value) {
    return allocator.allocateFrom(JAVA_LONG, value);
  }

  /** An empty list of this many parameters; the one after the last stays zero and ends it. */
  MemorySegment parameters(int count) {
    return allocator.allocate((count + 1L) * PARAM_BYTES, Long.BYTES);
  }

  void text(MemorySegment parameters, int index, String name, String value) {
    MemorySegment data = allocator.allocateFrom(value);
    set(parameters, index, name, UTF8_STRING, data, data.byteSize() - 1);
  }

  MemorySegment octets(MemorySegment parameters, int index, String name, MemorySegment data) {
    return set(parameters, index, name, OCTET_STRING, data, data.byteSize());
  }

  /** A number, the lowest byte first. */
  MemorySegment number(MemorySegment parameters, int index, String name, MemorySegment data) {
    return set(parameters, index, name, UNSIGNED_INTEGER, data, data.byteSize());
  }

  private MemorySegment set(
      MemorySegment parameters, int index, String name, int type, MemorySegment data, long size) {
    long at = (long) index * PARAM_BYTES;
    parameters.set(ADDRESS, at, allocator.allocateFrom(name));
    parameters.set(JAVA_INT, at + 8, type);
    parameters.set(ADDRESS, at + 16, data);
    parameters.set(JAVA_LONG, at + 24, size);
    return data;
  }

  /** A context for keys of an algorithm. */
  MemorySegment context(String algorithm) {
    try {
      return keepContext(
          (MemorySegment)
              library.pkeyContextOfName.invokeExact(
                  MemorySegment.NULL, allocator.allocateFrom(algorithm), MemorySegment.NULL));
    } catch (Throwable e) {
      throw LibCrypto.rethrown(e);
    }
  }

  /** A context for operations with a key. */
  MemorySegment context(MemorySegment key) {
    try {
      return keepContext(
          (MemorySegment)
              library.pkeyContextOfKey.invokeExact(MemorySegment.NULL, key, MemorySegment.NULL));
    } catch (Throwable e) {
      throw LibCrypto.rethrown(e);
    }
  }

  /**
   * A key of these parts.
   *
   * @return null pointer if the library does not take them, such as a point that is not on its
   *     curve
   */
  MemorySegment key(String algorithm, int selection, MemorySegment parameters) {
    MemorySegment context = context(algorithm);
    MemorySegment at = allocator.allocate(ADDRESS);
    try {
      require((int) library.fromDataInit.invokeExact(context));
      int rc = (int) library.fromData.invokeExact(context, at, selection, parameters);
      MemorySegment key = keepKey(at);
      return rc == 1 ? key : MemorySegment.NULL;
    } catch (Throwable e) {
      throw LibCrypto.rethrown(e);
    }
  }

  /** A new key for a context that is ready to make one. */
  MemorySegment generated(MemorySegment context) {
    MemorySegment at = allocator.allocate(ADDRESS);
    try {
      int rc = (int) library.generate.invokeExact(context, at);
      MemorySegment key = keepKey(at);
      require(rc);
      return key;
    } catch (Throwable e) {
      throw LibCrypto.rethrown(e);
    }
  }

  /** A key of this call that outlives it: freed when the collector finds it unreachable. */
  @SuppressWarnings("restricted") // native access is given to the whole program
  MemorySegment lasting(MemorySegment key) {
    try {
      require((int) library.pkeyUpRef.invokeExact(key));
    } catch (Throwable e) {
      throw LibCrypto.rethrown(e);
    }
    return key.reinterpret(Arena.ofAuto(), library::free);
  }

  private MemorySegment keepKey(MemorySegment at) {
    MemorySegment key = at.get(ADDRESS, 0);
    if (key.address() != 0) {
      keys[keyCount++] = key;
    }
    return key;
  }

  private MemorySegment keepContext(MemorySegment context) {
    if (context.address() == 0) {
      throw failed();
    }
    contexts[contextCount++] = context;
    return context;
  }

  /** Of a function that says 1 when all is well. */
  void require(int result) {
    if (result != 1) {
      throw failed();
    }
  }

  private ProviderException failed() {
    return new ProviderException(library.version() + ": " + library.lastError());
  }

  @Override
  public void close() {
    try {
      while (contextCount > 0) {
        library.pkeyContextFree.invokeExact(contexts[--contextCount]);
      }
      while (keyCount > 0) {
        library.pkeyFree.invokeExact(keys[--keyCount]);
      }
    } catch (Throwable e) {
      throw LibCrypto.rethrown(e);
    } finally {
      scratch.fill((byte) 0);
      arena.close();
    }
  }
}
