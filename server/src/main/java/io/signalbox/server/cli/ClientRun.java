package io.signalbox.server.cli;

import io.signalbox.pki.PkiException;
import io.signalbox.server.bench.client.ClientException;
import io.signalbox.server.bench.client.ClientListener;
import io.signalbox.server.bench.client.ClientLoop;
import io.signalbox.server.bench.client.MqttClient;
import io.signalbox.server.packet.Connect;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Runs the one connection of a command from its start to its end. Ctrl-C disconnects it properly,
 * so that no Will Message comes of it.
 */
final class ClientRun {
  private static final long PASS_MILLIS = 100;
  private static final long GOODBYE_SECONDS = 3;

  /** What a command does with its connection. */
  interface Task extends ClientListener {

    /**
     * Called again and again, at least ten times a second, with the connection in any state. Ends
     * the run by {@link MqttClient#disconnect}.
     *
     * @return whether it could go on at once, so that the network is only glanced at
     * @throws CommandFailure ends the run at once
     */
    boolean work(MqttClient client) throws CommandFailure;
  }

  private final ClientLoop loop;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean interrupted;

  ClientRun(ClientLoop loop) {
    this.loop = loop;
  }

  /** Returns when the connection was closed as the task wanted it. */
  void run(ConnectionOptions options, Connect connect, Task task)
      throws CommandFailure, PkiException {
    var hook = new Thread(this::interrupt, "disconnect");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      MqttClient client = loop.open(options.endpoint(), options.tls(), connect, task, null);
      while (!client.isClosed()) {
        boolean goesOn = false;
        if (interrupted) {
          client.disconnect();
        } else {
          goesOn = task.work(client);
        }
        loop.pass(goesOn ? 0 : PASS_MILLIS);
      }
      ClientException failure = client.failure();
      if (failure != null) {
        throw failure;
      }
    } catch (ClientException e) {
      throw new CommandFailure(ExitCode.of(e), String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new CommandFailure("the network failed: " + e.getMessage(), e);
    } finally {
      ended.countDown();
      removeHook(hook);
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // it is running: the process ends
    }
  }

  private void interrupt() {
    interrupted = true;
    loop.wakeUp();
    try {
      boolean _ = ended.await(GOODBYE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
