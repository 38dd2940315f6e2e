package io.signalbox.pki.openssl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The functions of OpenSSL 3's libcrypto that are used here, under their own names, for 64-bit
 * little-endian machines. Pointers are raw: only {@link CryptoCall} calls these.
 */
@SuppressWarnings("restricted") // native access is given to the whole program
final class LibCrypto {
  /** OpenSSL 3 as Linux names it; the number changes when functions do. */
  static final String LIBRARY = "libcrypto.so.3";

  /** Leave no handler at the exit of the process: threads may still be inside the library then. */
  private static final long INIT_NO_ATEXIT = 0x00080000L;

  private static final int VERSION_TEXT = 0;
  private static final int ERROR_TEXT_BYTES = 256;

  private final String library;
  private final SymbolLookup symbols;
  private final Linker linker = Linker.nativeLinker();

  final MethodHandle pkeyContextOfName;
  final MethodHandle pkeyContextOfKey;
  final MethodHandle pkeyContextFree;
  final MethodHandle pkeyFree;
  final MethodHandle pkeyUpRef;
  final MethodHandle fromDataInit;
  final MethodHandle fromData;
  final MethodHandle keygenInit;
  final MethodHandle setGroupName;
  final MethodHandle generate;
  final MethodHandle getParams;
  final MethodHandle deriveInit;
  final MethodHandle deriveSetPeer;
  final MethodHandle derive;
  final MethodHandle signInit;
  final MethodHandle sign;
  final MethodHandle verifyInit;
  final MethodHandle verify;
  private final MethodHandle peekLastError;
  private final MethodHandle errorText;
  private final MethodHandle clearErrors;
  private final String version;

  /**
   * Loads the library from where the system's loader finds it.
   *
   * @param library its file name
   * @throws UnsupportedOperationException if there is none, or none that fits this machine
   */
  LibCrypto(String library) {
    this.library = library;
    if (ADDRESS.byteSize() != Long.BYTES || ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new UnsupportedOperationException("not a 64-bit little-endian machine");
    }
    try {
      symbols = SymbolLookup.libraryLookup(library, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new UnsupportedOperationException("the system has no " + library, e);
    }
    MethodHandle init = function("OPENSSL_init_crypto", JAVA_INT, JAVA_LONG, ADDRESS);
    MethodHandle versionText = function("OpenSSL_version", text(), JAVA_INT);
    pkeyContextOfName = function("EVP_PKEY_CTX_new_from_name", ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    pkeyContextOfKey = function("EVP_PKEY_CTX_new_from_pkey", ADDRESS, ADDRESS, ADDRESS, ADDRESS);
    pkeyContextFree = procedure("EVP_PKEY_CTX_free", ADDRESS);
    pkeyFree = procedure("EVP_PKEY_free", ADDRESS);
    pkeyUpRef = function("EVP_PKEY_up_ref", JAVA_INT, ADDRESS);
    fromDataInit = function("EVP_PKEY_fromdata_init", JAVA_INT, ADDRESS);
    fromData = function("EVP_PKEY_fromdata", JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS);
    keygenInit = function("EVP_PKEY_keygen_init", JAVA_INT, ADDRESS);
    setGroupName = function("EVP_PKEY_CTX_set_group_name", JAVA_INT, ADDRESS, ADDRESS);
    generate = function("EVP_PKEY_generate", JAVA_INT, ADDRESS, ADDRESS);
    getParams = function("EVP_PKEY_get_params", JAVA_INT, ADDRESS, ADDRESS);
    deriveInit = function("EVP_PKEY_derive_init", JAVA_INT, ADDRESS);
    deriveSetPeer = function("EVP_PKEY_derive_set_peer_ex", JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
    derive = function("EVP_PKEY_derive", JAVA_INT, ADDRESS, ADDRESS, ADDRESS);
    signInit = function("EVP_PKEY_sign_init", JAVA_INT, ADDRESS);
    sign = function("EVP_PKEY_sign", JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG);
    verifyInit = function("EVP_PKEY_verify_init", JAVA_INT, ADDRESS);
    verify = function("EVP_PKEY_verify", JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG);
    peekLastError = function("ERR_peek_last_error", JAVA_LONG);
    errorText = procedure("ERR_error_string_n", JAVA_LONG, ADDRESS, JAVA_LONG);
    clearErrors = procedure("ERR_clear_error");
    try {
      if ((int) init.invokeExact(INIT_NO_ATEXIT, MemorySegment.NULL) != 1) {
        throw new UnsupportedOperationException(library + " does not start: " + lastError());
      }
      version = ((MemorySegment) versionText.invokeExact(VERSION_TEXT)).getString(0);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /** As the library names itself, such as "OpenSSL 3.0.13 30 Jan 2024". */
  String version() {
    return version;
  }

  /** Of a key that no call frees. */
  void free(MemorySegment key) {
    try {
      pkeyFree.invokeExact(key);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /** What the library said about the calling thread's last failure; forgets it. */
  String lastError() {
    try (Arena arena = Arena.ofConfined()) {
      long code = (long) peekLastError.invokeExact();
      MemorySegment text = arena.allocate(ERROR_TEXT_BYTES);
      errorText.invokeExact(code, text, text.byteSize());
      clearErrors.invokeExact();
      return text.getString(0, StandardCharsets.US_ASCII);
    } catch (Throwable e) {
      throw rethrown(e);
    }
  }

  /** A method handle declares every exception; a native function throws none. */
  static RuntimeException rethrown(Throwable e) {
    return switch (e) {
      case RuntimeException unchecked -> unchecked;
      case Error error -> throw error;
      default -> new IllegalStateException("a native function threw", e);
    };
  }

  private static AddressLayout text() {
    return ADDRESS.withTargetLayout(
        MemoryLayout.sequenceLayout(Integer.MAX_VALUE, ValueLayout.JAVA_BYTE));
  }

  private MethodHandle function(String name, MemoryLayout result, MemoryLayout... arguments) {
    return linker.downcallHandle(symbol(name), FunctionDescriptor.of(result, arguments));
  }

  private MethodHandle procedure(String name, MemoryLayout... arguments) {
    return linker.downcallHandle(symbol(name), FunctionDescriptor.ofVoid(arguments));
  }

  private MemorySegment symbol(String name) {
    return symbols
        .find(name)
        .orElseThrow(() -> new UnsupportedOperationException(library + " has no function " + name));
  }
}
