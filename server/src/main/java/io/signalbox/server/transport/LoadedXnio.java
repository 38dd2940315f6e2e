package io.signalbox.server.transport;

import org.xnio.Xnio;

/**
 * XNIO, loaded once for the process, without its MBeans. To register them it asks for the
 * platform's MBean server, and making that one asks each diagnostic command of the virtual machine
 * for its help, the flight recorder's with all its settings: a fifth of a start's processor time,
 * for numbers that {@code /metrics} has. So as long as XNIO is being loaded no MBean server can be
 * made, and XNIO goes on without, as it does after every failed registration. Its thread pool can
 * be told. Its selectors are {@link PassSelectors}, and any thread may register with them.
 *
 * <p>Whoever asks for the platform's MBean server later, such as a JMX client that connects, gets
 * it; where there is one already, because the command line asks for JMX, XNIO registers as ever.
 * Any thread.
 */
final class LoadedXnio {
  /** The property by which Java's management API is told who makes MBean servers. */
  private static final String BUILDER = "javax.management.builder.initial";

  /** A property of JBoss Threads, which XNIO takes its thread pool from. */
  private static final String NO_BEAN_OF_POOL = "jboss.threads.eqe.disable-mbean";

  /** A property of XNIO: the class that makes its selectors. */
  private static final String SELECTORS = "xnio.nio.selector.provider";

  /**
   * A property of XNIO: that no I/O thread has to stand still while the one that accepts registers
   * a channel with its selector. Java's selectors need that no more since version 11.
   */
  private static final String THREAD_SAFE = "xnio.nio.thread-safe-selection-keys";

  static final Xnio INSTANCE = load();

  private LoadedXnio() {}

  private static Xnio load() {
    if (System.getProperty(NO_BEAN_OF_POOL) == null) {
      System.setProperty(NO_BEAN_OF_POOL, "true");
    }
    if (System.getProperty(SELECTORS) == null) {
      System.setProperty(SELECTORS, PassSelectors.class.getName());
    }
    if (System.getProperty(THREAD_SAFE) == null) {
      System.setProperty(THREAD_SAFE, "true");
    }
    if (System.getProperty(BUILDER) != null) {
      return instance(); // somebody else decides
    }
    System.setProperty(BUILDER, NoMBeanServer.class.getName());
    try {
      return instance();
    } finally {
      System.clearProperty(BUILDER);
    }
  }

  private static Xnio instance() {
    return Xnio.getInstance(LoadedXnio.class.getClassLoader());
  }
}
