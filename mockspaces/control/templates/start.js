// --- begin

await open();
for (;;) {
  try { await listen(); } catch { /* the mock is away, or the world is */ }
  await new Promise(resolve => setTimeout(resolve, 1000));
}
