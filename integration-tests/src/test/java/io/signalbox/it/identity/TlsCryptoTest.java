package io.signalbox.it.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.signalbox.it.broker.BrokerConfig;
import io.signalbox.it.broker.BrokerUnderTest;
import io.signalbox.it.broker.CommandLine;
import io.signalbox.it.wire.Transport;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose elliptic curves TLS uses, as {@code openssl s_client} and the operator see it. */
final class TlsCryptoTest {
  @ParameterizedTest
  @ValueSource(strings = {"auto", "jdk"})
  void everyGroupIsServedAndSessionsResume(String crypto) {
    BrokerConfig config = BrokerConfig.open().yaml("tls: { crypto: %s }\n".formatted(crypto));
    try (BrokerUnderTest broker = BrokerUnderTest.start("tls-crypto-" + crypto, config)) {
      assertVerified(sClient(broker, "")); // has the library loaded
      String told = broker.awaitLog("elliptic curves are");
      boolean isNative = told.contains("those of OpenSSL 3.");
      assertTrue(
          crypto.equals("jdk")
              ? told.contains("the JDK's, by tls.crypto")
              : isNative || told.contains("(the system has no libcrypto"),
          told);
      assertEquals(
          "signalbox_tls_native_crypto " + (isNative ? "1.0" : "0.0"),
          sh(
                  broker,
                  "curl -fsS --cacert $CA https://localhost:"
                      + broker.endpoint(Transport.WSS).address().getPort()
                      + "/metrics | grep ^signalbox_tls_native_crypto")
              .strip());
      for (String group : List.of("X25519", "P-256", "P-384", "P-521", "X448")) {
        assertVerified(sClient(broker, "-tls1_3 -groups " + group));
      }
      assertVerified(sClient(broker, "-tls1_2"));
      String resumed =
          sClient(broker, "-tls1_2 -sess_out $CA.session")
              + sClient(broker, "-tls1_2 -sess_in $CA.session");
      assertTrue(resumed.contains("Reused, TLSv1.2"), resumed);
    }
  }

  @Test
  void theServerChoosesTheCipherSuite() {
    try (BrokerUnderTest broker = BrokerUnderTest.start("tls-suites", BrokerConfig.open())) {
      String of256 = "TLS_AES_256_GCM_SHA384";
      String of128 = "TLS_AES_128_GCM_SHA256";
      assertChosen(of128, broker, "-ciphersuites " + of256 + ":" + of128);
      assertChosen(of256, broker, "-ciphersuites " + of256);
      String gcm128 = "ECDHE-ECDSA-AES128-GCM-SHA256";
      String gcm256 = "ECDHE-ECDSA-AES256-GCM-SHA384";
      String cbc128 = "ECDHE-ECDSA-AES128-SHA256";
      assertChosen(gcm128, broker, "-tls1_2 -cipher " + gcm256 + ":" + gcm128);
      assertChosen(gcm256, broker, "-tls1_2 -cipher " + cbc128 + ":" + gcm256);
      assertChosen(cbc128, broker, "-tls1_2 -cipher " + cbc128);
    }
  }

  private static void assertChosen(String suite, BrokerUnderTest broker, String offer) {
    String shown = sClient(broker, offer);
    assertVerified(shown);
    assertTrue(shown.contains("Cipher is " + suite + "\n"), shown);
  }

  private static void assertVerified(String shown) {
    assertTrue(shown.contains("Verify return code: 0 (ok)"), shown);
  }

  private static String sClient(BrokerUnderTest broker, String arguments) {
    return sh(
        broker,
        "openssl s_client < /dev/null 2>&1 -CAfile $CA -connect 127.0.0.1:"
            + broker.endpoint(Transport.TLS).address().getPort()
            + " "
            + arguments);
  }

  /** A line of shell that knows the file of the broker's authority as $CA. */
  private static String sh(BrokerUnderTest broker, String line) {
    return CommandLine.run(List.of("sh", "-c", "CA=\"$0\"; " + line, broker.caFile().toString()))
        .out();
  }
}
