import { init } from 'echarts';

const [width, rowHeight, titleHeight] = [960, 260, 40];
const columns = 3;
const colors = { 'l7-proxy': '#1f77b4' };
const otherColor = '#b8bec7';

/** CPU per call as bars, one small chart for each load, with the spread of the rounds. @returns SVG */
export function chart({ samples, peakRssMiB }, of, names) {
  const arms = Object.keys(peakRssMiB).toReversed();
  const loads = [...new Set(samples.map(({ load }) => load))].filter(
    (load) => !['open loop', 'idle connections'].includes(load),
  );
  const cell = { width: width / columns, height: rowHeight };
  const height = titleHeight + Math.ceil(loads.length / columns) * rowHeight;
  const at = (index) => ({
    left: (index % columns) * cell.width,
    top: titleHeight + Math.floor(index / columns) * cell.height,
  });
  const canvas = init(null, null, { renderer: 'svg', ssr: true, width, height });
  canvas.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: [
      {
        text: 'CPU µs of the proxy per call (per message for streams)',
        left: 12,
        top: 8,
        textStyle: { fontSize: 15 },
      },
      ...loads.map((load, index) => ({
        text: load,
        left: at(index).left + 90,
        top: at(index).top + 4,
        textStyle: { fontSize: 13 },
      })),
    ],
    grid: loads.map((_, index) => ({
      left: at(index).left + 115,
      top: at(index).top + 30,
      width: cell.width - 165,
      height: cell.height - 50,
    })),
    xAxis: loads.map((_, gridIndex) => ({ gridIndex, type: 'value', show: false })),
    yAxis: loads.map((_, gridIndex) => ({
      gridIndex,
      type: 'category',
      data: arms.map((arm) => names[arm]),
      axisTick: { show: false },
      axisLine: { show: false },
    })),
    series: loads.map((load, index) => ({
      type: 'bar',
      xAxisIndex: index,
      yAxisIndex: index,
      data: arms.map((arm) => ({
        value: Number(of(load, arm, 'micros').median.toFixed(1)),
        itemStyle: { color: colors[arm] ?? otherColor },
      })),
      label: { show: true, position: 'right' },
    })),
  });
  const svg = canvas.renderToSVGString();
  canvas.dispose();
  return `${svg}\n`;
}
