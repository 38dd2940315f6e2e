package io.signalbox.server.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.http.HttpTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What commands on the admin API end with, whatever answers them. */
final class ApiExitCodesTest {
  private final HttpServer server;
  private final Shell shell = new Shell();

  private volatile int status = 200;
  private volatile String location = "";
  private volatile String body = "";
  private final AtomicInteger asked = new AtomicInteger();

  @TempDir Path folder;

  ApiExitCodesTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  private void answer(HttpExchange exchange) throws IOException {
    int _ = asked.incrementAndGet();
    try (exchange) {
      byte[] bytes = body.getBytes(UTF_8);
      if (!location.isEmpty()) {
        exchange.getResponseHeaders().set("Location", location);
      }
      exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  @AfterEach
  void close() {
    server.stop(0);
  }

  @BeforeEach
  void write() throws IOException {
    Files.writeString(folder.resolve("good.token"), "token");
    Files.writeString(folder.resolve("no.pem"), "no certificate");
    Files.writeString(folder.resolve("no.token"), "two\nlines");
  }

  /** A word that starts with @ names a file of the folder, SERVER is the one that answers here. */
  private int run(String line) {
    String address = "http://127.0.0.1:" + server.getAddress().getPort();
    return shell.run(
        Arrays.stream(line.replace("SERVER", address).split(" "))
            .map(word -> word.startsWith("@") ? folder.resolve(word.substring(1)).toString() : word)
            .toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "6 | --data @nowhere --server SERVER",
        "6 | --credential @no.token --server SERVER",
        "2 | --credential @good.token --server SERVER --cert @nowhere.pem",
        "2 | --credential @good.token --server SERVER --token-file @nowhere.token",
        "2 | --credential @good.token --server SERVER --cafile @nowhere.pem",
        "2 | --credential @good.token --server SERVER --cafile @no.pem",
        "2 | --credential @good.token --server localhost:8443",
        "2 | --credential @good.token --server ftp://localhost",
        "2 | --credential @good.token --server http://localhost:99999",
        "2 | --credential @good.token --server http://mqtt.example.invalid:8443",
        "2 | --credential @good.token --server http://127.0.0.1.example.invalid:8443",
      })
  void whatWasNeverAskedIsNoNo(int code, String options) {
    body = "{\"allowed\":true,\"text\":\"yes\"}";

    assertEquals(code, run("policy authorize connect " + options), shell::err);
    assertFalse(shell.err().contains("internal error"), shell::err);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "0 | {\"allowed\":true,\"text\":\"yes\"}",
        "1 | {\"allowed\":false,\"text\":\"no\"}",
        "6 | {\"hello\":\"world\"}",
        "6 | <html>",
      })
  void onlyAnAnswerIsYesOrNo(int code, String answer) {
    body = answer;

    assertEquals(
        code, run("policy authorize connect --credential @good.token --server SERVER"), shell::err);
    assertFalse(shell.err().contains("internal error"), shell::err);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "301 | https://there.example/x/api/v1/devices/p7 | --server https://there.example/x",
        "308 | https://there.example/ | --server https://there.example/",
        "302 | /login | redirect",
        "307 | not\tan address | redirect",
        "304 |  | 304",
      })
  void aRedirectIsNoSuccess(int status, @Nullable String location, String said) {
    this.status = status;
    this.location = location == null ? "" : location;

    assertEquals(
        ExitCode.UNREACHABLE, run("device delete p7 --credential @good.token --server SERVER"));
    assertTrue(shell.err().contains(said), shell::err);
  }

  /** What answers is something else, which has its own idea of JSON. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "6 | device list | {\"hello\":\"world\"}",
        "6 | device list | {\"items\":{}}",
        "6 | policy show p | {\"hello\":\"world\"}",
        "6 | policy rollback 1 --dry-run | {\"changes\":1}",
        "1 | policy rollback 1 | {\"hello\":\"world\"}",
        "1 | policy put @p.policy.yaml | {\"hello\":\"world\"}",
        "1 | cert issue p7 --csr @no.pem --out @p7.pem | {\"hello\":\"world\"}",
        "1 | device delete p7 | <html>",
        "1 | group join pumps p7 | <html>",
        "6 | ca crl dev | <html>",
      })
  void anAnswerOfSomethingElseIsNoInternalError(int code, String command, String answer)
      throws IOException {
    Files.writeString(folder.resolve("p.policy.yaml"), "name: p\n");
    body = answer;

    assertEquals(code, run(command + " --credential @good.token --server SERVER"), shell::err);
    assertFalse(shell.err().contains("internal error"), shell::err);
    assertEquals(code == 1, shell.err().contains("it may be done"), shell::err);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "device delete p7 --set reason=keyCompromise",
        "device add p7 --set groups=pumps --set groups=north",
        "device add p7 --set groups",
        "cert revoke 00 --set reason=superseded --set reason=keyCompromise",
      })
  void fieldsThatWouldBeLostAreRefused(String command) {
    body = "{}";

    assertEquals(
        ExitCode.USAGE, run(command + " --credential @good.token --server SERVER"), shell::err);
    assertEquals(0, asked.get());
  }

  /** By a connection that ends before the answer, or answers with something else than TLS. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 | http | device delete p7",
        "1 | http | group join pumps p7",
        "1 | http | policy rollback 1",
        "6 | http | policy rollback 1 --dry-run",
        "6 | http | policy authorize connect",
        "6 | http | device list",
        "6 | https | device delete p7",
      })
  void aChangeWithoutAnAnswerMayBeDone(int code, String scheme, String command) throws IOException {
    try (var listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual().start(() -> breakOff(listener, scheme.equals("https")));
      String address = " --server " + scheme + "://127.0.0.1:" + listener.getLocalPort();

      assertEquals(code, run(command + " --credential @good.token" + address), shell::err);
    }
    assertEquals(code == 1, shell.err().contains("it may be done"), shell::err);
  }

  /** By an answer that says nothing of it, perhaps of a proxy; 503 says that it is not. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "1 | 500 | device delete p7",
        "1 | 502 | group join pumps p7",
        "1 | 504 | policy rollback 1",
        "6 | 503 | device delete p7",
        "6 | 504 | policy rollback 1 --dry-run",
        "6 | 502 | device list",
        "1 | 200 | policy rollback 1",
        "6 | 200 | policy rollback 1 --dry-run",
      })
  void aChangeWithAnAnswerOfNobodyMayBeDone(int code, int status, String command) {
    this.status = status;
    body = "<html>";

    assertEquals(code, run(command + " --credential @good.token --server SERVER"), shell::err);
    assertEquals(code == 1, shell.err().contains("it may be done"), shell::err);
  }

  @Test
  void tellsWhetherTheConnectionBrokeOrNoAnswerCame() {
    assertEquals(
        "no answer within 60 s", ApiConnection.reason(new HttpTimeoutException("timed out")));
    assertEquals(
        "the connection broke before the answer: reset",
        ApiConnection.reason(new IOException("reset")));
  }

  private static void breakOff(ServerSocket listener, boolean answers) {
    try {
      while (true) {
        try (Socket socket = listener.accept()) {
          int _ = socket.getInputStream().read(new byte[10_000]);
          if (answers) {
            socket.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(UTF_8));
          }
        }
      }
    } catch (IOException _) {
      // the test is over
    }
  }

  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.1:1, nothing listens there",
    "https://no-such-host.invalid, the host is not known; check its name",
  })
  void aChangeThatReachedNobodyIsNotDone(String address, String said) {
    assertEquals(
        ExitCode.UNREACHABLE,
        run("device delete p7 --credential @good.token --server " + address),
        shell::err);
    assertTrue(shell.err().contains(said), shell::err);
  }
}
