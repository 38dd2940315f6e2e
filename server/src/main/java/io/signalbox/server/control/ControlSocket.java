package io.signalbox.server.control;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The broker's end. Who may enter the folder may ask anything: the owner of the data could read and
 * change it without us too.
 */
public final class ControlSocket implements AutoCloseable {
  private static final Logger LOG = System.getLogger(ControlSocket.class.getName());

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");

  /** More at a time wait in the system's queue. */
  private static final int REQUESTS_AT_ONCE_MAX = 4;

  static final int REQUEST_BYTES_MAX = 8_192;

  private static final long POLL_NANOS = 5_000_000;
  private static final long ACCEPT_AGAIN_MILLIS = 1_000;

  /** Carries out one request. */
  @FunctionalInterface
  public interface Request {
    /**
     * @param argument what stands behind the request's name; may be empty
     * @return lines for people
     * @throws RequestFailure it could not be done
     */
    String carryOut(String argument) throws RequestFailure;
  }

  private final ServerSocketChannel server;
  private final Path file;
  private final Map<String, Request> requests;
  private final ThreadFactory threads;
  private final Semaphore free = new Semaphore(REQUESTS_AT_ONCE_MAX);

  /** Whose request is not read yet. */
  private final Set<SocketChannel> asking = ConcurrentHashMap.newKeySet();

  /** Names of requests. */
  private final Queue<String> carriedOut = new ConcurrentLinkedQueue<>();

  private ControlSocket(
      ServerSocketChannel server, Path file, Map<String, Request> requests, ThreadFactory threads) {
    this.server = server;
    this.threads = threads;
    this.file = file;
    this.requests = Map.copyOf(requests);
  }

  /** Where the socket of a data directory is. */
  static Path fileIn(Path dataDirectory) {
    return dataDirectory.resolve("control").resolve("broker.sock");
  }

  /**
   * Begins to listen. Nobody else may serve this data directory: the caller holds its lock.
   *
   * @param requests by name
   */
  public static ControlSocket open(Path dataDirectory, Map<String, Request> requests)
      throws IOException {
    return open(
        dataDirectory,
        requests,
        Thread.ofPlatform().daemon().name("signalbox-control-request").factory());
  }

  /**
   * @param threads make one for each request
   */
  static ControlSocket open(
      Path dataDirectory, Map<String, Request> requests, ThreadFactory threads) throws IOException {
    Path file = fileIn(dataDirectory.toAbsolutePath().normalize());
    Path folder = file.resolveSibling("");
    // The folder keeps others out: the socket itself has its mode only after it exists.
    if (Files.exists(folder)) {
      Files.setPosixFilePermissions(folder, OWNER_ONLY);
    } else {
      Files.createDirectory(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
    }
    Files.deleteIfExists(file); // of a process that was killed
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      server.bind(UnixDomainSocketAddress.of(file));
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
    var socket = new ControlSocket(server, file, requests, threads);
    Thread.ofPlatform().daemon().name("signalbox-control").start(socket::accept);
    return socket;
  }

  private void accept() {
    try {
      boolean told = false;
      while (server.isOpen()) {
        free.acquire();
        try {
          begin(accepted());
          told = false;
        } catch (ClosedChannelException e) {
          throw e;
        } catch (IOException e) { // no file can be opened, no thread started; it passes
          LOG.log(
              told ? Level.DEBUG : Level.WARNING,
              "commands cannot reach the broker for now: {0}",
              e.getMessage());
          told = true;
          Thread.sleep(ACCEPT_AGAIN_MILLIS);
        }
      }
    } catch (ClosedChannelException e) {
      // the broker stops
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private SocketChannel accepted() throws IOException {
    try {
      SocketChannel client = server.accept();
      asking.add(client);
      return client;
    } catch (IOException e) {
      free.release();
      throw e;
    }
  }

  private void begin(SocketChannel client) throws IOException {
    try {
      threads.newThread(() -> serve(client)).start();
    } catch (OutOfMemoryError e) { // what a start of a thread throws at the system's limit of them
      asking.remove(client);
      free.release();
      try (client) {
        throw new IOException(e.getMessage(), e);
      }
    }
  }

  private void serve(SocketChannel client) {
    try (client) {
      String line = readLine(new BufferedInputStream(Channels.newInputStream(client)));
      asking.remove(client);
      String answer = answer(line);
      OutputStream out = Channels.newOutputStream(client);
      out.write(answer.getBytes(UTF_8));
      out.flush();
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "a command went away: {0}", e.getMessage());
    } finally {
      asking.remove(client);
      free.release();
    }
  }

  private String answer(@Nullable String line) {
    if (line == null) {
      return "failed\na request is one line of at most " + REQUEST_BYTES_MAX + " bytes\n";
    }
    int space = line.indexOf(' ');
    String name = space < 0 ? line : line.substring(0, space);
    Request request = requests.get(name);
    if (request == null) {
      return "failed\nthis broker does not know the request \"" + name + "\"\n";
    }
    carriedOut.add(name);
    try {
      LOG.log(Level.INFO, "command: {0}", name);
      return "ok\n" + request.carryOut(space < 0 ? "" : line.substring(space + 1));
    } catch (RequestFailure e) {
      return "failed\n" + e.getMessage() + "\n";
    } catch (RuntimeException e) {
      LOG.log(Level.ERROR, "command " + name + " failed", e);
      return "failed\nsee the broker's log\n";
    } finally {
      carriedOut.remove(name);
    }
  }

  private static @Nullable String readLine(InputStream in) throws IOException {
    var line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n'; next = in.read()) {
      if (next < 0 || line.size() >= REQUEST_BYTES_MAX) {
        return null;
      }
      line.write(next);
    }
    return line.toString(UTF_8);
  }

  /** Takes no more requests, and waits for those that are carried out: they read the store. */
  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(file);
    List<String> awaited = List.copyOf(carriedOut);
    if (!awaited.isEmpty()) {
      LOG.log(Level.INFO, "the stop waits for commands: {0}", String.join(", ", awaited));
    }
    while (!free.tryAcquire(REQUESTS_AT_ONCE_MAX)) {
      for (SocketChannel client : asking) { // also one that was accepted a moment ago
        client.close();
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
    free.release(REQUESTS_AT_ONCE_MAX);
  }
}
