// The parts of ECharts we draw with, in a chunk of its own that only pages with charts load.
// Canvas, and tooltips drawn on it: HTML tooltips would carry style attributes, which the content
// security policy forbids.
import { BarChart, CustomChart, LineChart, SankeyChart, ScatterChart } from 'echarts/charts';
import { AriaComponent, DataZoomComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

use([
  BarChart,
  LineChart,
  ScatterChart,
  SankeyChart,
  CustomChart,
  GridComponent,
  LegendComponent,
  TooltipComponent,
  AriaComponent,
  DataZoomComponent,
  CanvasRenderer,
]);

export { init };
