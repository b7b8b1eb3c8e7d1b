// The page of a run with a generator for each way.
async function p2pChecks() {
    const texts = selector => [...document.querySelectorAll(selector)].map(element => element.textContent).join(' ');
    await p2pWait(500);
    p2pCheck('each picture is named', texts('#captions span') === 'real_A fake_B rec_A idt_B real_B fake_A rec_B idt_A');
    p2pCheck('each loss is plotted', ['G_A', 'G_B', 'cycle_A', 'idt_B', 'D_A', 'D_B'].every(name =>
        texts('.legend').includes(name)));
}
