// Parts of echarts by themselves: its own entry points load every kind of chart, 60 MB of them.
declare module 'echarts/lib/chart/line/install.js' {
  export { LineChart as install } from 'echarts/charts'
}
declare module 'echarts/lib/component/grid/install.js' {
  export { GridComponent as install } from 'echarts/components'
}
declare module 'echarts/lib/renderer/installSVGRenderer.js' {
  export { SVGRenderer as install } from 'echarts/renderers'
}
