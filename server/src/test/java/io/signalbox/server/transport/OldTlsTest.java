package io.signalbox.server.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.signalbox.server.Behaviour;
import io.signalbox.server.config.ListenerConfig;
import java.io.ByteArrayOutputStream;
import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Old versions and weak cipher suites of TLS, asked for by a ClientHello that is made by hand: no
 * library on the machine decides what can be tried.
 */
class OldTlsTest {
  private static final ListenerConfig.Type TLS = ListenerConfig.Type.TLS;
  static final int TLS_1_2 = 0x0303;

  /** ECDHE with AES-128-GCM, for a certificate of either kind of key. */
  static final String GOOD = "c02bc02f";

  private static final int HANDSHAKE = 22;
  private static final int ALERT = 21;

  private static final int FATAL = 2;
  private static final int HANDSHAKE_FAILURE = 40;
  private static final int PROTOCOL_VERSION = 70;

  private final EchoHandler.Log log = new EchoHandler.Log();

  /** The first bytes of the server's answer, as they stand after the record's header. */
  private record Answer(int recordType, int first, int second) {}

  private Answer answer(int version, String cipherSuites) throws Exception {
    try (var broker = TestBroker.start(c -> new EchoHandler(c, log), TLS);
        var client = RawClient.plain(broker.address(TLS))) {
      client.send(clientHello(version, HexFormat.of().parseHex(cipherSuites)));
      byte[] start = client.read(7);
      return new Answer(start[0], start[5], start[6]);
    }
  }

  static byte[] clientHello(int version, byte[] cipherSuites) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    u16(body, version);
    body.writeBytes(new byte[32]); // random
    body.write(0); // no session
    u16(body, cipherSuites.length);
    body.writeBytes(cipherSuites);
    body.writeBytes(new byte[] {1, 0}); // no compression
    byte[] extensions =
        HexFormat.of()
            .parseHex(
                "000a0006000400170018" // supported_groups: secp256r1, secp384r1
                    + "000b00020100" // ec_point_formats: uncompressed
                    + "000d000c000a04030401050306010603" // signature_algorithms
                    + "ff01000100"); // renegotiation_info
    u16(body, extensions.length);
    body.writeBytes(extensions);
    ByteArrayOutputStream record = new ByteArrayOutputStream();
    record.write(HANDSHAKE);
    u16(record, 0x0301);
    u16(record, body.size() + 4);
    record.write(1); // client_hello
    record.write(0);
    u16(record, body.size());
    record.writeBytes(body.toByteArray());
    return record.toByteArray();
  }

  private static void u16(ByteArrayOutputStream to, int value) {
    to.write(value >> 8);
    to.write(value);
  }

  /** What the refusals below differ from in one thing each. */
  @ParameterizedTest
  @ValueSource(strings = {GOOD, "c02b", "c02b000a"})
  @Behaviour(264)
  void version12WithAGoodSuiteIsAnswered(String cipherSuites) throws Exception {
    Answer answer = answer(TLS_1_2, cipherSuites);
    assertEquals(HANDSHAKE, answer.recordType(), answer::toString);
    assertEquals(2, answer.first(), "server_hello");
  }

  @ParameterizedTest
  @CsvSource({"SSL 3, 0x0300", "TLS 1.0, 0x0301", "TLS 1.1, 0x0302"})
  @Behaviour(264)
  void oldVersionsAreRefused(String name, int version) throws Exception {
    // A suite of every age, so that the version alone is at fault.
    assertEquals(
        new Answer(ALERT, FATAL, PROTOCOL_VERSION), answer(version, GOOD + "c009c013002f"), name);
  }

  @ParameterizedTest
  @CsvSource({
    "c006c010003b, NULL",
    "c018006c0034, anonymous",
    "c007c0110005, RC4",
    "c008c012000a, 3DES",
    "00150009, DES",
    "000300060008, export",
    "002f0035009c009d, RSA without forward secrecy"
  })
  @Behaviour(264)
  void weakSuitesAreRefused(String cipherSuites, String name) throws Exception {
    assertEquals(new Answer(ALERT, FATAL, HANDSHAKE_FAILURE), answer(TLS_1_2, cipherSuites), name);
  }
}
