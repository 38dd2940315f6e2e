package io.signalbox.server.scram;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Base64;
import java.util.Objects;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The exchange of RFC 7677 section 3, byte for byte, and what may go wrong in one. */
final class ScramServerTest {
  private static final String CLIENT_NONCE = "rOprNGfwEbeRWgbNEkqO";
  private static final String SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  private static final String NONCE = CLIENT_NONCE + SERVER_NONCE;
  private static final String FIRST = "n,,n=user,r=" + CLIENT_NONCE;
  private static final String FINAL =
      "c=biws,r=" + NONCE + ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

  private static final ScramVerifier PENCIL = pencil();

  private static ScramVerifier pencil() {
    try {
      return ScramVerifier.of(
          "pencil", Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4_096);
    } catch (ScramException e) {
      throw new AssertionError(e);
    }
  }

  private static ScramServer server() {
    Supplier<String> nonces = () -> SERVER_NONCE;
    return new ScramServer(
        name -> name.equals("user") ? PENCIL : ScramVerifier.ofNobody(name, new byte[32], 4_096),
        nonces);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  @Test
  void followsTheExampleOfTheStandard() throws Exception {
    ScramServer server = server();
    assertFalse(server.hasBegun());
    assertEquals(
        "r=" + NONCE + ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        new String(server.first(bytes(FIRST)), UTF_8));
    assertTrue(server.hasBegun());
    assertEquals("user", server.name());
    assertEquals(
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        new String(Objects.requireNonNull(server.last(bytes(FINAL))), UTF_8));
  }

  @Test
  void aWrongProofIsNoProof() throws Exception {
    ScramServer server = server();
    server.first(bytes(FIRST));
    assertNull(server.last(bytes(FINAL.replace("p=dH", "p=eH"))));
  }

  @Test
  void aSecondProofInOneExchangeIsNotLookedAt() throws Exception {
    ScramServer server = server();
    server.first(bytes(FIRST));
    assertNull(server.last(bytes(FINAL.replace("p=dH", "p=eH"))));
    assertThrows(IllegalStateException.class, () -> server.last(bytes(FINAL)));
  }

  @Test
  void aClientThatCouldBindChannelsIsTakenWithoutThat() throws Exception {
    ScramServer server = server();
    server.first(bytes("y,," + FIRST.substring(3)));
    // The proof is over other bytes now; the binding must be the new header, not the old one.
    assertThrows(ScramException.class, () -> server.last(bytes(FINAL)));
  }

  @Test
  void somebodyUnknownIsAnsweredLikeAnybodyAndAlwaysTheSame() throws Exception {
    String first = "n,,n=nobody,r=abc";
    String one = new String(server().first(bytes(first)), UTF_8);
    String two = new String(server().first(bytes(first)), UTF_8);
    assertEquals(one, two);
    assertTrue(one.matches("r=abc\\S+,s=[A-Za-z0-9+/]{22}==,i=4096"), one);
    String other = new String(server().first(bytes("n,,n=nobody2,r=abc")), UTF_8);
    assertFalse(one.equals(other), "another name, another salt");
    ScramServer server = server();
    server.first(bytes(first));
    assertNull(
        server.last(bytes("c=biws,r=abc" + SERVER_NONCE + ",p=" + "A".repeat(43) + "=")),
        "and nothing proves it");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",",
        "n",
        "n,",
        "n,,",
        "n,,r=abc",
        "n,,n=user",
        "n,,n=user,r=",
        "n,,n=,r=abc",
        "n,,n=us=er,r=abc",
        "n,,n=us=2cer,r=abc",
        "n,,n=us=3=2CDer,r=abc",
        "n,,n=us\u0000er,r=abc",
        "n,,r=abc,n=user",
        "n,,m=x,n=user,r=abc",
        "n,,n=user,r=abc,m=x",
        "n,,n=user,r=a bc",
        "n,,n=user,r=abc,=x",
        "n,a=,n=user,r=abc",
        "n,a=other,n=user,r=abc",
        "n,b=user,n=user,r=abc",
        "x,,n=user,r=abc",
        "nn,,n=user,r=abc",
        "p=tls-unique,,n=user,r=abc",
        "p,,n=user,r=abc",
      })
  void refusesAFirstMessage(String message) {
    ScramServer server = server();
    assertThrows(ScramException.class, () -> server.first(bytes(message)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "n,a=user,n=user,r=abc",
        "n,,n=user,r=abc,x=extension,y=more",
        "n,,n=us\u00ADer,r=abc", // a soft hyphen is mapped to nothing
      })
  void takesAFirstMessageOfTheSameUser(String message) throws Exception {
    ScramServer server = server();
    server.first(bytes(message));
    assertEquals("user", server.name());
  }

  @Test
  void aNameMayHoldCommaAndEqualsSign() throws Exception {
    ScramServer server = server();
    server.first(bytes("n,,n=a=2Cb=3D2C,r=abc"));
    assertEquals("a,b=2C", server.name());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "c=biws",
        "c=biws,r=NONCE",
        "r=NONCE,c=biws,p=PROOF",
        "c=biws,p=PROOF",
        "c=biws,p=PROOF,r=NONCE",
        "c=biws,r=NONCE,p=PROOF,x=more",
        "c=biws,r=NONCE,p=PROOF,p=PROOF",
        "c=biws,r=NONCE,p=***",
        "c=***,r=NONCE,p=PROOF",
        "c=eSws,r=NONCE,p=PROOF",
        "c=biws,r=NONCEx,p=PROOF",
        "c=biws,r=rOprNGfwEbeRWgbNEkqO,p=PROOF",
        "c=biws,m=x,r=NONCE,p=PROOF",
        "c=biws,r=NONCE,m=x,p=PROOF",
      })
  void refusesAFinalMessage(String form) throws Exception {
    ScramServer server = server();
    server.first(bytes(FIRST));
    String message =
        form.replace("NONCE", NONCE).replace("PROOF", FINAL.substring(FINAL.length() - 44));
    assertThrows(ScramException.class, () -> assertNull(server.last(bytes(message))), message);
  }

  @Test
  void refusesWhatIsNotUtf8OrTooLong() {
    byte[] notUtf8 = bytes("n,,n=user?,r=abc");
    notUtf8[9] = (byte) 0xFF;
    assertThrows(ScramException.class, () -> server().first(notUtf8));
    assertThrows(
        ScramException.class, () -> server().first(bytes("n,,n=user,r=" + "a".repeat(4_096))));
  }

  @Test
  void aVerifierIsWrittenAndReadAsOne() {
    String text = PENCIL.text();
    assertEquals(
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
            + ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
        text); // as PostgreSQL writes it for this password and salt
    ScramVerifier read = ScramVerifier.parse(text);
    assertArrayEquals(PENCIL.storedKey(), read.storedKey());
    assertTrue(read.isOf("pencil"));
    assertFalse(read.isOf("Pencil"));
    assertFalse(read.isOf(""));
    assertFalse(read.toString().contains("WG5d"), "the keys are in no log");
  }
}
