package io.signalbox.server.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One line, one answer, few at a time. */
final class ControlSocketTest {
  @TempDir Path data;

  @Test
  void answersWhatItKnowsAndSaysWhatFailed() throws Exception {
    Map<String, ControlSocket.Request> requests =
        Map.of(
            "echo",
            argument -> argument,
            "fail",
            _ -> {
              throw new RequestFailure("no such place");
            },
            "break",
            _ -> {
              throw new IllegalStateException("a fault");
            });
    try (var _ = ControlSocket.open(data, requests)) {
      assertEquals(Optional.of("two words and ü"), ControlClient.ask(data, "echo two words and ü"));
      assertEquals(Optional.of(""), ControlClient.ask(data, "echo"));
      assertEquals("no such place", refusal("fail"));
      assertEquals("see the broker's log", refusal("break"));
      assertTrue(refusal("fly").contains("does not know the request \"fly\""));
      assertTrue(refusal("echo " + "x".repeat(ControlSocket.REQUEST_BYTES_MAX)).contains("8192"));
      assertThrows(RequestFailure.class, () -> ControlClient.ask(data, "echo\necho"));
    }
    assertEquals(Optional.empty(), ControlClient.ask(data, "echo"), "nobody is there any more");
  }

  private String refusal(String request) {
    return String.valueOf(
        assertThrows(RequestFailure.class, () -> ControlClient.ask(data, request)).getMessage());
  }

  @Test
  void takesTheFolderBackFromOthersAndReplacesWhatAKilledProcessLeft() throws Exception {
    Path folder = Files.createDirectory(data.resolve("control"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    Files.createFile(folder.resolve("broker.sock"));
    try (var _ = ControlSocket.open(data, Map.of("echo", argument -> argument))) {
      assertEquals(
          "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)));
      assertEquals(Optional.of("a"), ControlClient.ask(data, "echo a"));
    }
  }

  @Test
  void waitsForWhatIsCarriedOutWhenItIsClosedAndForNobodyElse() throws Exception {
    Path file = ControlSocket.fileIn(data);
    var begun = new CountDownLatch(1);
    var carriedOut = new AtomicBoolean();
    ControlSocket.Request untilClosed =
        _ -> {
          begun.countDown();
          while (Files.exists(file)) {
            Thread.onSpinWait();
          }
          carriedOut.set(true);
          return "done";
        };
    try (var threads = Executors.newFixedThreadPool(1);
        var silent = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      ControlSocket socket = ControlSocket.open(data, Map.of("copy", untilClosed));
      silent.connect(UnixDomainSocketAddress.of(file));
      Future<Optional<String>> answer = threads.submit(() -> ControlClient.ask(data, "copy"));
      assertTrue(begun.await(60, TimeUnit.SECONDS));
      socket.close();
      assertTrue(carriedOut.get(), "what it reads would be taken away below it");
      assertEquals(Optional.of("done"), answer.get(60, TimeUnit.SECONDS));
    }
  }

  /** As at the system's limit of processes, more often than requests have places. */
  @Test
  void servesAgainWhenThreadsCanBeStartedAgain() throws Exception {
    var starts = new AtomicInteger();
    ThreadFactory threads =
        task ->
            new Thread(task) {
              @Override
              public void start() {
                if (starts.incrementAndGet() <= 5) {
                  throw new OutOfMemoryError("unable to create native thread");
                }
                super.start();
              }
            };
    try (var _ = ControlSocket.open(data, Map.of("echo", argument -> argument), threads)) {
      for (int i = 0; i < 5; i++) {
        try (var refused = SocketChannel.open(StandardProtocolFamily.UNIX)) {
          refused.connect(UnixDomainSocketAddress.of(ControlSocket.fileIn(data)));
          assertEquals(-1, refused.read(ByteBuffer.allocate(1)), "closed without an answer");
        }
      }
      assertEquals(Optional.of("a"), ControlClient.ask(data, "echo a"));
    }
  }

  @Test
  void carriesOutFourAtOnceAndTheOthersAfterThem() throws Exception {
    var atOnce = new AtomicInteger();
    var most = new AtomicInteger();
    var four = new CountDownLatch(4);
    ControlSocket.Request waits =
        _ -> {
          most.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
          four.countDown();
          try {
            assertTrue(four.await(60, TimeUnit.SECONDS), "four are carried out at once");
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          atOnce.decrementAndGet();
          return "done";
        };
    try (var _ = ControlSocket.open(data, Map.of("wait", waits));
        var threads = Executors.newFixedThreadPool(12)) {
      List<Future<Optional<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        answers.add(threads.submit(() -> ControlClient.ask(data, "wait")));
      }
      for (Future<Optional<String>> answer : answers) {
        assertEquals(Optional.of("done"), answer.get(60, TimeUnit.SECONDS));
      }
    }
    assertEquals(4, most.get());
  }
}
